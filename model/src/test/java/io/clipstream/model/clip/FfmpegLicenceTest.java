package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.global.avutil;
import org.junit.jupiter.api.Test;

/** What the list of others' software says of FFmpeg is what the library says of itself. */
class FfmpegLicenceTest {
  /** What is linked in; interfaces of the system's libraries need no more than headers. */
  private static final Pattern LINKED =
      Pattern.compile("--enable-(lib[a-z0-9-]+|openssl|zlib)(?= |$)");

  @Test
  void shouldBeUnderTheLicenceThatTheListNames() throws Exception {
    Ffmpeg.load();

    String list = Files.readString(Path.of("../ops/licences/third-party.ftl"));

    assertThat(avutil.avutil_license().getString()).isEqualTo("LGPL version 3 or later");
    assertThat(list).contains("avutil_license() says: LGPL version 3 or later");
    Stream<String> linked =
        LINKED
            .matcher(avutil.avutil_configuration().getString())
            .results()
            .map(found -> found.group(1).replaceFirst("^libopencore-.*", "libopencore"));
    assertThat(linked).hasSizeGreaterThan(15).allSatisfy(name -> assertThat(list).contains(name));
  }
}
