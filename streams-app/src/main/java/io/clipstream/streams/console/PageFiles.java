package io.clipstream.streams.console;

import io.clipstream.model.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The files that the page is made of, out of the jars. */
final class PageFiles {
  private static final String HTML = "text/html;charset=utf-8";
  private static final String CSS = "text/css;charset=utf-8";
  private static final String SCRIPT = "text/javascript;charset=utf-8";

  private static final List<String> MODULES =
      List.of(
          "main",
          "dom",
          "format",
          "connection",
          "outcomes",
          "rejections",
          "plots",
          "rollouts",
          "work",
          "actions",
          "compare",
          "drop",
          "publish");

  private final Map<String, File> files = new TreeMap<>();

  /**
   * A file.
   *
   * @param type of its content, as HTTP names it
   * @param tag another one for another content
   */
  @SuppressWarnings("ArrayRecordComponent") // changed and compared by nobody
  record File(String type, byte[] content, String tag) {}

  /** Reads them all. */
  PageFiles() {
    add("/", "index.html", HTML);
    add("/login", "login.html", HTML);
    add("/console.css", "console.css", CSS);
    add("/icon.svg", "icon.svg", "image/svg+xml");
    for (String module : MODULES) {
      add("/" + module + ".js", module + ".js", SCRIPT);
    }
    String plots = "/META-INF/resources/webjars/uplot/" + plotsVersion() + "/dist/";
    add("/uplot.js", plots + "uPlot.esm.js", SCRIPT);
    add("/uplot.css", plots + "uPlot.min.css", CSS);
  }

  /** What is at a path. */
  Optional<File> find(String path) {
    return Optional.ofNullable(files.get(path));
  }

  /** Of all of them: another one where a page that is open must be loaded again. */
  String tag() {
    return files.values().stream().map(File::tag).collect(Collectors.joining());
  }

  private static String plotsVersion() {
    Properties pom = new Properties();
    try (InputStream in = open("/META-INF/maven/org.webjars.npm/uplot/pom.properties")) {
      pom.load(in);
    } catch (IOException e) {
      throw unreadable(e);
    }
    return pom.getProperty("version");
  }

  private void add(String path, String resource, String type) {
    try (InputStream in = open(resource)) {
      byte[] content = in.readAllBytes();
      files.put(path, new File(type, content, '"' + Sha256.of(content).substring(0, 16) + '"'));
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static InputStream open(String resource) {
    InputStream in = PageFiles.class.getResourceAsStream(resource);
    if (in == null) {
      throw new IllegalStateException("the jars do not hold " + resource);
    }
    return in;
  }

  private static UncheckedIOException unreadable(IOException e) {
    return new UncheckedIOException("the console's page cannot be read", e);
  }
}
