package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.ffmpeg.global.avformat.av_find_input_format;

import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.junit.jupiter.api.Test;

class ContainerFormatTest {
  /** Of sound, subtitles and stills, by FFmpeg's own lists. */
  private static final Set<String> NO_VIDEO =
      Set.of("mka", "mks", "m4a", "m4b", "isma", "mj2", "avif", "heic", "heif", "mpo", "ism");

  @Test
  void shouldKnowHowNamesOfWhatIsReadEnd() {
    Ffmpeg.load();
    for (String format : ContainerFormat.allRead()) {
      AVInputFormat found = av_find_input_format(format);
      assertThat(found).as(format).isNotNull();
      if (found.extensions() == null) {
        continue;
      }
      Set<String> ends = new TreeSet<>(Set.of(found.extensions().getString().split(",", -1)));
      ends.removeAll(NO_VIDEO);
      assertThat(ContainerFormat.suffixes()).as(format).containsAll(ends);
    }
  }

  @Test
  void shouldTellVideosByTheirNames() {
    RandomAccessTest.encodings()
        .map(arguments -> (String) arguments.get()[0])
        .forEach(name -> assertThat(VideoDecoder.isVideoName(Path.of(name))).as(name).isTrue());
    for (String name : new String[] {"A.MP4", "dir/b.WebM", "a.b.gif"}) {
      assertThat(VideoDecoder.isVideoName(Path.of(name))).as(name).isTrue();
    }
    for (String name : new String[] {"mp4", "a.jpg", "a.mp4.part", "a.", "/", "a.m3u8"}) {
      assertThat(VideoDecoder.isVideoName(Path.of(name))).as(name).isFalse();
    }
  }
}
