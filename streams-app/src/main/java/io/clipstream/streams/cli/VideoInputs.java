package io.clipstream.streams.cli;

import io.clipstream.model.FileProblem;
import io.clipstream.model.fetch.AddressRules;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.FetchSystemException;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.model.fetch.UriLabel;
import io.clipstream.streams.config.Folders;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The videos that arguments name: files, folders and globs ({@link VideoFiles}), {@code file:},
 * http and https addresses, and {@code -} for standard input. What comes from elsewhere is a
 * temporary file while it is needed. All threads.
 */
final class VideoInputs implements AutoCloseable {
  private static final long MAX_STDIN = 2L << 30;
  private static final int CHUNK = 1 << 16;
  private static final Pattern ADDRESS = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");

  private final List<Input> inputs;
  private final Path folder;
  private final FileFetcher fetcher;

  /**
   * @param name as the user wrote it, or the path of a file in a folder
   * @param path of a file, null for others; its name may be no text, so that name does not lead
   *     there
   * @param problem one line that says why there is no video; empty if there may be one
   */
  record Input(String name, Path path, String problem) {
    Input(String name, String problem) {
      this(name, null, problem);
    }
  }

  /** A video that is a file now, or why it is not. */
  sealed interface Opened {
    /** Closed when it is not needed any more. */
    record Video(Path path, Runnable release) implements Opened, AutoCloseable {
      @Override
      public void close() {
        release.run();
      }
    }

    /**
     * @param reason of the closed list of rejections
     * @param detail one line
     */
    record Missing(String reason, String detail) implements Opened {}
  }

  /** Looks for files; nothing else is opened yet. */
  VideoInputs(List<String> arguments) throws IOException {
    this.inputs = arguments.stream().flatMap(argument -> inputs(argument).stream()).toList();
    List<String> hosts =
        arguments.stream().filter(FileFetcher::isDownload).flatMap(a -> host(a).stream()).toList();
    boolean temporary = arguments.contains("-") || !hosts.isEmpty();
    this.folder = temporary ? Files.createTempDirectory("clipstream-predict-") : null;
    // A person named these hosts, so they may have private addresses; where they lead to may not.
    AddressRules rules = AddressRules.defaults().withAllowPrivate(hosts);
    this.fetcher =
        hosts.isEmpty()
            ? null
            : new FileFetcher(FetchPolicy.defaults().withAddresses(rules), folder);
  }

  private static List<Input> inputs(String argument) {
    if (argument.equals("-") || FileFetcher.isDownload(argument)) {
      return List.of(new Input(argument, ""));
    }
    List<Input> found = new ArrayList<>();
    try {
      Path path = Path.of(argument);
      if (ADDRESS.matcher(argument).matches() && !Files.exists(path)) {
        Optional<String> problem = FileFetcher.problem(argument);
        if (problem.isPresent()) {
          return List.of(new Input(argument, problem.get()));
        }
        path = Path.of(URI.create(argument));
      }
      for (VideoFiles.Found file : VideoFiles.find(List.of(path))) {
        found.add(new Input(file.path().toString(), file.path(), file.problem()));
      }
    } catch (InvalidPathException e) {
      found.add(new Input(argument, "no name of a file: " + e.getReason()));
    } catch (IllegalArgumentException e) { // of URIs
      found.add(new Input(argument, "no address of a file: " + e.getMessage()));
    }
    return found;
  }

  private static Optional<String> host(String address) {
    try {
      return Optional.ofNullable(URI.create(address).getHost())
          .map(host -> host.replaceAll("[\\[\\]]", ""));
    } catch (IllegalArgumentException e) { // the fetcher says what is wrong with it
      return Optional.empty();
    }
  }

  /** In the order of the arguments, at least one for each. */
  List<Input> all() {
    return inputs;
  }

  /** Brings a video. */
  Opened open(Input input) throws InterruptedException {
    if (!input.problem().isEmpty()) {
      return new Opened.Missing("NOT_FOUND", input.problem());
    }
    if (input.name().equals("-")) {
      return standardInput();
    }
    if (FileFetcher.isDownload(input.name())) {
      return fetched(input.name());
    }
    return new Opened.Video(input.path(), () -> {});
  }

  private Opened fetched(String address) throws InterruptedException {
    if (fetcher == null) {
      return new Opened.Missing("FETCH_FAILED", UriLabel.of(address) + " names no host");
    }
    try {
      FetchResult result = fetcher.fetch(address, Optional.empty());
      if (result instanceof FetchResult.Rejected rejected) {
        return new Opened.Missing(rejected.reason().name(), rejected.detail());
      }
      LocalFile file = ((FetchResult.Fetched) result).file();
      return new Opened.Video(file.path(), file::close);
    } catch (FetchSystemException e) {
      return new Opened.Missing("FETCH_FAILED", String.valueOf(e.getMessage()));
    }
  }

  private Opened standardInput() {
    try {
      Path file = Files.createTempFile(folder, "stdin-", "");
      long left = MAX_STDIN;
      try (var out = Files.newOutputStream(file)) {
        InputStream in = System.in;
        byte[] chunk = new byte[CHUNK];
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
          left -= n;
          if (left < 0) {
            return new Opened.Missing("FILE_TOO_LARGE", "more than " + MAX_STDIN + " bytes came");
          }
          out.write(chunk, 0, n);
        }
      }
      return new Opened.Video(file, () -> {});
    } catch (IOException e) {
      return new Opened.Missing("FETCH_FAILED", "it cannot be read: " + FileProblem.of(e));
    }
  }

  @Override
  public void close() throws IOException {
    if (fetcher != null) {
      fetcher.close();
    }
    if (folder != null) {
      Folders.delete(folder);
    }
  }
}
