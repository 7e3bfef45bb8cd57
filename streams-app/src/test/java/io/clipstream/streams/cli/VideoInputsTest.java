package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.clipstream.streams.cli.VideoInputs.Opened;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class VideoInputsTest {
  @TempDir Path folder;

  @Test
  void shouldTakeFilesFoldersAndWhatIsMissing() throws Exception {
    Files.writeString(folder.resolve("b.mp4"), "b");
    Files.writeString(folder.resolve("a.mkv"), "a");

    try (VideoInputs inputs =
        new VideoInputs(List.of(folder.toString(), folder.resolve("none.mp4").toString()))) {
      assertThat(inputs.all().stream().map(input -> Path.of(input.name()).getFileName().toString()))
          .containsExactly("a.mkv", "b.mp4", "none.mp4");
      assertThat(inputs.all().get(2).problem()).startsWith("no such file");
    }
  }

  @Test
  void shouldTakeOfAFolderWhatIsReadByName() throws Exception {
    List<String> videos =
        List.of("a.gif", "b.h264", "c.IVF", "d.nut", "e.obu", "f.rmvb", "g.dav", "h.y4m", "i.3g2");
    for (String name : videos) {
      Files.writeString(folder.resolve(name), "a");
    }
    for (String name :
        List.of("a.txt", "b.jpg", "c.mp3", "mp4", "d.m3u8", ".e.mp4", "f.mp4.part")) {
      Files.writeString(folder.resolve(name), "a");
    }

    try (VideoInputs inputs = new VideoInputs(List.of(folder.toString()))) {
      assertThat(inputs.all().stream().map(input -> Path.of(input.name()).getFileName().toString()))
          .containsExactlyElementsOf(videos);
    }
  }

  @Test
  void shouldTakeFileAddressesAndNameOthers() throws Exception {
    Path file = Files.writeString(folder.resolve("a b.mp4"), "a");

    try (VideoInputs inputs =
        new VideoInputs(
            List.of(file.toUri().toString(), "ftp://host/a.mp4", "file:///none/here.mp4"))) {
      assertThat(inputs.all().get(0).path()).isEqualTo(file);
      assertThat(inputs.all().get(1).problem()).contains("ftp").doesNotContain("no such file");
      assertThat(inputs.all().get(2).problem()).isEqualTo("no such file");
    }
  }

  /**
   * A name is bytes: one that is no UTF-8 is found in its folder, but not again by what is printed.
   */
  @Test
  void shouldOpenFilesWhoseNamesAreNoText() throws Exception {
    Process made =
        new ProcessBuilder("sh", "-c", "printf video > \"$(printf 'a\\377.mp4')\"")
            .directory(folder.toFile())
            .start();
    assertThat(made.waitFor()).isZero();

    try (VideoInputs inputs = new VideoInputs(List.of(folder.toString()))) {
      assertThat(inputs.all()).hasSize(1);
      assertThat(((Opened.Video) inputs.open(inputs.all().get(0))).path()).hasContent("video");
    }
  }

  @Test
  void shouldSayWhereLinksLead() throws Exception {
    Path one = folder.resolve("l1.mp4");
    Path other = folder.resolve("l2.mp4");
    Files.createSymbolicLink(one, other);
    Files.createSymbolicLink(other, one);
    Path dangling = Files.createSymbolicLink(folder.resolve("l3.mp4"), folder.resolve("gone"));

    try (VideoInputs inputs = new VideoInputs(List.of(one.toString(), dangling.toString()))) {
      assertThat(inputs.all().get(0).problem()).isEqualTo("its links lead in a circle");
      assertThat(inputs.all().get(1).problem()).isEqualTo("its link leads to no file");
    }
  }

  @Test
  void shouldTakeStandardInput() throws Exception {
    InputStream usual = System.in;
    System.setIn(new ByteArrayInputStream(new byte[100_000]));
    Path file;
    try (VideoInputs inputs = new VideoInputs(List.of("-"))) {
      file = ((Opened.Video) inputs.open(inputs.all().get(0))).path();
      assertThat(file).hasSize(100_000);
    } finally {
      System.setIn(usual);
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void shouldFetchAddresses() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/video.mp4",
        exchange -> {
          exchange.sendResponseHeaders(200, 5);
          exchange.getResponseBody().write("video".getBytes(StandardCharsets.US_ASCII));
          exchange.close();
        });
    server.start();
    String address = "http://127.0.0.1:" + server.getAddress().getPort();
    try (VideoInputs inputs = new VideoInputs(List.of(address + "/video.mp4", address + "/no"))) {
      try (Opened.Video video = (Opened.Video) inputs.open(inputs.all().get(0))) {
        assertThat(video.path()).hasContent("video");
      }
      assertThat(((Opened.Missing) inputs.open(inputs.all().get(1))).reason())
          .isEqualTo("NOT_FOUND");
    } finally {
      server.stop(0);
    }
  }
}
