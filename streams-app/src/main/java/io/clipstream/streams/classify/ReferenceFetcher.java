package io.clipstream.streams.classify;

import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.Origin;
import io.clipstream.schemas.VideoReference;
import java.util.Optional;

/** Fetches what a reference names, and holds it to the digest that the reference gives. */
public final class ReferenceFetcher implements Fetcher {
  private final FileFetcher fetcher;

  /**
   * @param fetcher closed with this one
   */
  public ReferenceFetcher(FileFetcher fetcher) {
    this.fetcher = fetcher;
  }

  @Override
  public boolean isRemote(VideoRequest request) {
    return FileFetcher.isDownload(request.reference().getUri());
  }

  @Override
  public int maxRemote() {
    return fetcher.maxDownloads();
  }

  @Override
  public FetchResult fetch(VideoRequest request) throws InterruptedException {
    return fetch(request, () -> {});
  }

  @Override
  public FetchResult fetch(VideoRequest request, Runnable serving) throws InterruptedException {
    VideoReference reference = request.reference();
    return fetcher.tryFetch(
        reference.getUri(),
        Optional.ofNullable(reference.getSha256()),
        (bytes, total) -> serving.run());
  }

  @Override
  public Origin origin(VideoRequest request) {
    return fetcher.origin(request.reference().getUri());
  }

  @Override
  public boolean answers(VideoRequest request) throws InterruptedException {
    return fetcher.answers(request.reference().getUri());
  }

  @Override
  public boolean answers(Origin host) throws InterruptedException {
    return fetcher.answers(host.name() + "/");
  }

  @Override
  public void close() {
    fetcher.close();
  }
}
