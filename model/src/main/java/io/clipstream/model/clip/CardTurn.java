package io.clipstream.model.clip;

/** A video's turn on a GPU: one decoder, and where its pictures are scaled. One thread. */
final class CardTurn implements Codecs, AutoCloseable {
  private final Card card;
  private final Codec codec;
  private final Runnable end;
  private boolean leased;
  private boolean closed;

  /**
   * @param codec closed by who leases it, or with this
   */
  CardTurn(Card card, Codec codec, Runnable end) {
    this.card = card;
    this.codec = codec;
    this.end = end;
  }

  Card card() {
    return card;
  }

  /** The decoder, once: a video that needs a second one is not what its container says. */
  @Override
  public Codec lease(VideoTrack track) {
    if (leased) {
      throw new CardFailedException("decoding has to begin anew");
    }
    leased = true;
    return codec;
  }

  Scaler scaler(ClipSpec spec, int crops) {
    return new CardScaler(card, spec, crops);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      codec.close();
      end.run();
    }
  }
}
