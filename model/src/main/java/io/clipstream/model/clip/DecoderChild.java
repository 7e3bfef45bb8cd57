package io.clipstream.model.clip;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * The process in which {@link DecoderProcess} has files decoded: reads requests from its standard
 * input, each a {@link DecodeRequest} as {@link DataOutputStream#writeUTF} writes it, and answers
 * on its standard output: {@link #READY} once; then for each request {@link #CLIP}s (start and end
 * in seconds, crop, then the pixels), and {@link #DECODED}, {@link #REJECTED}, {@link #UNREADABLE}
 * or {@link #FAILED} with a text. It ends when its input does, in the midst of whatever it does, as
 * its parent has ended then.
 */
final class DecoderChild {
  static final byte READY = 1;
  static final byte CLIP = 2;
  static final byte DECODED = 3;
  static final byte REJECTED = 4;

  /** The file cannot be read: not the video's fault. */
  static final byte UNREADABLE = 5;

  /** The decoder threw something. */
  static final byte FAILED = 6;

  private static final int MAX_TEXT = 10_000;

  private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
  private final FileChannel pixels;
  private final DataOutputStream out;
  private DecodeRequest decoderFor;
  private VideoDecoder decoder;

  private DecoderChild(FileOutputStream stdout) {
    this.pixels = stdout.getChannel();
    this.out = new DataOutputStream(new BufferedOutputStream(stdout));
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    FileOutputStream stdout = new FileOutputStream(FileDescriptor.out);
    System.setOut(System.err); // What others print is no answer.
    // A signal to a whole group of processes, such as Ctrl-C, is the parent's to answer: a hook
    // that
    // does not end lets this one go on.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(DecoderChild::awaitParent, "until-parent-ends"));
    DecoderChild child = new DecoderChild(stdout);
    Thread reader = new Thread(child::readRequests, "requests");
    reader.setDaemon(true);
    reader.start();
    Ffmpeg.load();
    child.out.writeByte(READY);
    child.out.flush();
    while (true) {
      child.answer(DecodeRequest.read(child.requests.take()));
    }
  }

  private static void awaitParent() {
    while (true) {
      LockSupport.park();
    }
  }

  private void readRequests() {
    try (DataInputStream in = new DataInputStream(new FileInputStream(FileDescriptor.in))) {
      while (true) {
        requests.add(in.readUTF());
      }
    } catch (IOException end) {
      Runtime.getRuntime().halt(0);
    }
  }

  private void answer(DecodeRequest request) throws IOException, InterruptedException {
    DecodeResult result;
    try {
      result =
          decoder(request)
              .decode(
                  Path.of(request.file()),
                  request.sampling(),
                  Optional.ofNullable(request.range()),
                  this::send);
    } catch (UncheckedIOException e) {
      text(UNREADABLE, String.valueOf(e.getMessage()));
      return;
    } catch (RuntimeException e) {
      text(FAILED, e.toString());
      return;
    }
    text(result instanceof DecodeResult.Decoded ? DECODED : REJECTED, DecodeRequest.json(result));
  }

  /** The last one, if it was for requests of this kind. */
  private VideoDecoder decoder(DecodeRequest request) {
    DecodeRequest kind = request.kind();
    if (!kind.equals(decoderFor)) {
      ClipSpec spec = kind.spec();
      long open = (long) OpenClips.atMost(kind.sampling()) * spec.clipBytes();
      decoder = new VideoDecoder(spec, kind.limits(), new ClipBuffers(spec.clipBytes(), open));
      decoderFor = kind;
    }
    return decoder;
  }

  private void send(Clip clip) {
    try (clip) {
      out.writeByte(CLIP);
      out.writeDouble(clip.range().startSeconds());
      out.writeDouble(clip.range().endSeconds());
      out.writeInt(clip.crop());
      out.flush();
      ByteBuffer bytes = clip.pixels().duplicate();
      while (bytes.hasRemaining()) {
        pixels.write(bytes);
      }
    } catch (IOException end) { // Nobody reads any more.
      Runtime.getRuntime().halt(0);
    }
  }

  private void text(byte kind, String text) throws IOException {
    out.writeByte(kind);
    out.writeUTF(text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT));
    out.flush();
  }
}
