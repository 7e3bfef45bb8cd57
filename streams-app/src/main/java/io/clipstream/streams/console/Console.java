package io.clipstream.streams.console;

import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.http.HttpListener;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The page that an operator leaves open, over HTTP. What it shows of the group it reads from Kafka,
 * without taking anything from anybody; what only this instance knows, it is told by the pipeline.
 * All threads.
 */
public final class Console implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Console.class);
  private static final int THREADS = 24;

  private final VideosAtWork work = new VideosAtWork();
  private final ConsoleOptions options;
  private final Feed feed;
  private final Pages pages;
  private final HttpListener listener;
  private Thumbnails thumbnails;
  private Optional<Publishing> publishing = Optional.empty();

  /**
   * Listens at once; there is not much to see before {@link #follow}.
   *
   * @param group of instances, for people
   * @param host of this instance, for people
   * @throws UserError if it cannot listen where the options say
   */
  public Console(ConsoleOptions options, String group, String host) {
    this.options = options;
    Access access = new Access(options);
    PageFiles files = new PageFiles();
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("group", group);
    about.put("host", host);
    about.put("write", options.write());
    about.put("maxUpload", options.maxUploadBytes());
    about.put(
        "maxModel",
        options.maxModelBytes().isPresent() ? options.maxModelBytes().getAsLong() : null);
    about.put("thumbnails", options.thumbnails() != Thumbnails.Of.NONE);
    about.put("page", access.pageWord());
    about.put("files", Sha256.of(files.tag()));
    this.feed = new Feed(work, about);
    this.pages = new Pages(options, access, feed, files);
    try {
      this.listener = new HttpListener("console", options.host(), options.port(), THREADS, pages);
    } catch (UserError e) {
      feed.close();
      throw e;
    }
    log.info("Console at {}", address());
  }

  /** Where people find it. */
  public String address() {
    boolean bare = options.host().indexOf(':') >= 0 && !options.host().startsWith("[");
    return "http://"
        + (bare ? "[" + options.host() + "]" : options.host())
        + ":"
        + listener.port()
        + "/";
  }

  /** For the pipeline. */
  public PipelineObserver observer() {
    return work;
  }

  /** Watches what labels; closes it when it is closed. */
  public VideoLabeller watch(VideoLabeller labeller) {
    return new WatchedLabeller(labeller, work);
  }

  /**
   * Shows what the group does, and takes changes, from now on. Once.
   *
   * @param instance at once, how this instance is
   * @param pictures closed with this
   * @param labeller of this instance; stays the caller's
   * @param uploads folder of files that are dropped on the page, which the labeller may fetch;
   *     empty: none are taken
   * @param publications folder of models that are published from the page; empty: none are
   */
  public void follow(
      GroupClients clients,
      Supplier<InstanceState> instance,
      Thumbnails pictures,
      VideoLabeller labeller,
      Optional<Path> uploads,
      Optional<Path> publications) {
    thumbnails = pictures;
    publishing = publications.map(folder -> new Publishing(folder, clients.models()));
    feed.follow(clients, instance, () -> publishing.map(Publishing::page).orElse(null));
    pages.serve(
        new Pages.Group(
            new Actions(feed, clients),
            pictures,
            uploads.map(folder -> new Uploads(folder, labeller, pictures)),
            publishing));
  }

  @Override
  public void close() {
    feed.close();
    listener.close();
    publishing.ifPresent(Publishing::close);
    if (thumbnails != null) {
      thumbnails.close();
    }
  }
}
