package io.clipstream.streams.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A video that comes with clipstream, from {@code clips.csv}.
 *
 * @param file its name
 * @param title what it shows
 * @param expected the label that it should get, or the reason why it should be rejected
 */
record DemoClip(String file, String title, String expected) {
  private static final String FOLDER = "/io/clipstream/streams/demo/";

  static List<DemoClip> bundled() {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(open("clips.csv"), StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .skip(1) // the header
          .map(line -> line.split(",", 4))
          .map(cells -> new DemoClip(cells[0], cells[1], cells[2]))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the bundled clips cannot be read", e);
    }
  }

  /** Copies the video into a folder. */
  Path copyTo(Path folder) throws IOException {
    Path path = folder.resolve(file);
    try (InputStream in = open(file)) {
      Files.copy(in, path);
    }
    return path;
  }

  private static InputStream open(String name) throws IOException {
    InputStream in = DemoClip.class.getResourceAsStream(FOLDER + name);
    if (in == null) {
      throw new IOException("no bundled clip " + name);
    }
    return in;
  }
}
