package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.clipstream.model.Progress;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeReason;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.model.clip.VideoEncoder;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FootageTest {
  /** Each frame of folders of 10 a second. */
  private static final ClipSpec EACH =
      new ClipSpec(4, 10, 20, 16, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

  private static final FrameSeries SERIES = new FrameSeries(10, Optional.empty());

  @TempDir Path folder;

  private static ClipList.Entry entry(Path path, FrameSpan span, FrameSeries series) {
    return new ClipList.Entry(
        path,
        "x",
        "",
        "",
        0,
        Optional.empty(),
        Optional.ofNullable(span),
        Optional.ofNullable(series));
  }

  private static ClipList.Entry frames(Path path, FrameSpan span) {
    return entry(path, span, SERIES);
  }

  /** The numbers of the frames that are kept of an entry, or why none are. */
  private static Object shown(ClipList.Entry entry, ClipSpec spec, List<String> remarks)
      throws Exception {
    List<Integer> numbers = new ArrayList<>();
    Optional<String> reason =
        new ClipCutter(Kept.around(spec, 10, false, true), remarks::add)
            .cut(
                entry,
                (pixels, frames, width, height) -> {
                  for (int i = 0; i < frames; i++) {
                    numbers.add(FramePictures.number(pixels.get(i * width * height * 3)));
                  }
                });
    return reason.isPresent() ? reason.get() : numbers;
  }

  private static Object shown(ClipList.Entry entry) throws Exception {
    List<String> remarks = new ArrayList<>();
    Object shown = shown(entry, EACH, remarks);
    assertThat(remarks).isEmpty();
    return shown;
  }

  @Test
  void shouldShowAllFramesOfAFolder() throws Exception {
    FramePictures.frames(folder, 12);

    assertThat(shown(frames(folder, null)))
        .isEqualTo(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  }

  @Test
  void shouldShowTheFramesThatAListNames() throws Exception {
    FramePictures.frames(folder, 30);

    assertThat(shown(frames(folder, FrameSpan.of(6)))).isEqualTo(List.of(1, 2, 3, 4, 5, 6));
    assertThat(shown(frames(folder, FrameSpan.of(12, 5)))).isEqualTo(List.of(13, 14, 15, 16, 17));
    assertThat(shown(frames(folder, FrameSpan.of(25, 5)))).isEqualTo(List.of(26, 27, 28, 29, 30));
  }

  /** Two seconds at 5 frames a second. */
  @Test
  void shouldSampleAtTheRateThatFoldersAreTakenAs() throws Exception {
    FramePictures.frames(folder, 20);
    ClipSpec half = new ClipSpec(4, 5, 20, 16, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

    assertThat(shown(frames(folder, null), half, new ArrayList<>()))
        .isEqualTo(List.of(1, 3, 5, 7, 9, 11, 13, 15, 17, 19));
    assertThat(
            shown(
                entry(folder, null, new FrameSeries(5, Optional.empty())), half, new ArrayList<>()))
        .isEqualTo(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20));
  }

  @Test
  void shouldLetTheFrameBeforeStayWhereOneIsMissing() throws Exception {
    FramePictures.frames(folder, 8);
    Files.delete(folder.resolve("img_00004.jpg"));
    Files.delete(folder.resolve("img_00005.jpg"));

    assertThat(shown(frames(folder, null))).isEqualTo(List.of(1, 2, 3, 3, 3, 6, 7, 8));
  }

  @Test
  void shouldTakeTheSecondsOfAListInAFolder() throws Exception {
    FramePictures.frames(folder, 20);
    ClipList list = read("folder,x,,,0.5,1.1\n", new FrameSeries(10, Optional.empty()));

    assertThat(shown(list.entries().get(0))).isEqualTo(List.of(6, 7, 8, 9, 10, 11));
  }

  private ClipList read(String text, FrameSeries series) throws Exception {
    Path list = Files.writeString(folder.resolveSibling("list-" + folder.getFileName()), text);
    try {
      String named = text.replace("folder", folder.getFileName().toString());
      Files.writeString(list, named);
      return new ListOptions(Optional.empty(), Optional.empty(), List.of(), series).open(list);
    } finally {
      Files.delete(list);
    }
  }

  @Test
  void shouldShowTheFramesOfAVideoFile() throws Exception {
    Path video = folder.resolve("v.mp4");
    ByteBuffer picture = ByteBuffer.allocateDirect(64 * 36 * 3);
    try (VideoEncoder encoder =
        new VideoEncoder(
            video, VideoEncoder.Settings.of("mpeg4", 64, 36, 10).withRate(10_000, 1001))) {
      for (int i = 0; i < 30; i++) {
        for (int at = 0; at < picture.capacity(); at++) {
          picture.put(at, (byte) (20 + FramePictures.STEP * i));
        }
        encoder.add(picture);
      }
    }
    ClipSpec each =
        new ClipSpec(4, 10_000 / 1001.0, 20, 16, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
    List<String> remarks = new ArrayList<>();

    assertThat(shown(entry(video, FrameSpan.of(12, 5), null), each, remarks))
        .isEqualTo(List.of(16, 17, 18, 19, 20));
    assertThat(shown(entry(video, FrameSpan.of(6), null), each, remarks))
        .isEqualTo(List.of(4, 5, 6, 7, 8, 9));
    assertThat(remarks).isEmpty();
    assertThat(shown(entry(video, FrameSpan.of(26, 10), null), each, remarks))
        .isEqualTo(List.of(30, 31, 32, 33));
    assertThat(remarks)
        .containsExactly(video + "#26+10: it lacks 6 of its 10 frames, the video has 30");
    assertThat(shown(entry(video, FrameSpan.of(30, 10), null), each, remarks))
        .isEqualTo("RANGE_OUTSIDE_VIDEO: the frames 30+10 are none of it, it has 30");
  }

  @Test
  void shouldLeaveOutPicturesOfAnotherSizeAndSayIt() throws Exception {
    FramePictures.frames(folder, 8);
    FramePictures.write(folder, "img_00001.jpg", 1, 32, 16);
    FramePictures.write(folder, "img_00005.jpg", 5, 32, 16);
    List<String> remarks = new ArrayList<>();

    assertThat(shown(frames(folder, null), EACH, remarks)).isEqualTo(List.of(2, 3, 4, 4, 6, 7, 8));
    assertThat(remarks)
        .containsExactly(
            folder
                + ": it is used without 2 of its 8 pictures, as the others are JPEG of 64 x 36;"
                + " the first is img_00001.jpg, JPEG of 32 x 16");
  }

  @Test
  void shouldTakePngAndWhatIsCalledOtherwiseThanItIs() throws Exception {
    for (int i = 1; i <= 6; i++) {
      FramePictures.write(folder, i + ".png", i);
      Files.move(folder.resolve(i + ".png"), folder.resolve(i + ".jpg"));
    }

    assertThat(shown(frames(folder, null))).isEqualTo(List.of(1, 2, 3, 4, 5, 6));
  }

  /** As cameras and programs write them, beside the usual ones. */
  @ParameterizedTest
  @CsvSource({
    "jpeg, TYPE_INT_RGB, true",
    "jpeg, TYPE_BYTE_GRAY, false",
    "png, TYPE_BYTE_GRAY, false",
    "png, TYPE_USHORT_GRAY, false",
    "png, TYPE_INT_ARGB, false",
    "png, TYPE_INT_RGB, true",
    "png, TYPE_BYTE_INDEXED, false",
    "png, TYPE_BYTE_BINARY, false",
  })
  void shouldTakeEachKindOfPicture(String format, String type, boolean progressive)
      throws Exception {
    for (int number = 1; number <= 6; number++) {
      BufferedImage image =
          new BufferedImage(64, 36, BufferedImage.class.getField(type).getInt(null));
      Graphics2D graphics = image.createGraphics();
      graphics.setColor(number % 2 == 0 ? Color.BLACK : Color.WHITE);
      graphics.fillRect(0, 0, 64, 36);
      graphics.dispose();
      ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
      ImageWriteParam how = writer.getDefaultWriteParam();
      if (progressive) {
        how.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
      }
      try (ImageOutputStream out =
          ImageIO.createImageOutputStream(folder.resolve(number + "." + format).toFile())) {
        writer.setOutput(out);
        writer.write(null, new IIOImage(image, null, null), how);
      }
      writer.dispose();
    }
    int white = FramePictures.number((byte) 255);

    assertThat(shown(frames(folder, null))).isEqualTo(List.of(white, 0, white, 0, white, 0));
  }

  /** As a camera that is turned, or a programme's other format: its middle tells not all of it. */
  @Test
  void shouldTakePicturesThatAreShownInSeveralShapes() throws Exception {
    FramePictures.frames(folder, 12);
    for (int number = 1; number <= 3; number++) {
      Path picture = folder.resolve("img_0000%d.jpg".formatted(number));
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(picture));
      bytes.putShort(14, (short) 2).putShort(16, (short) 1); // JFIF: pixels of 2 to 1
      Files.write(picture, bytes.array());
    }
    List<Integer> sizes = new ArrayList<>();

    Optional<String> reason =
        new ClipCutter(Kept.around(EACH, 10, true, true), told -> {})
            .cut(
                frames(folder, null),
                (pixels, frames, width, height) -> sizes.addAll(List.of(frames, width, height)));

    assertThat(reason).isEmpty();
    assertThat(sizes).isEqualTo(List.of(12, 50, 20));
  }

  @Test
  void shouldRefuseWhatIsLongerThanAnyVideoBeforeItIsPutTogether() throws Exception {
    FramePictures.frames(folder, 5);
    FramePictures.write(folder, "img_999999999.jpg", 1);

    assertThat(shown(frames(folder, null)))
        .isEqualTo("TOO_LONG: its pictures last 100000000 s, at most 21600 s are read");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "empty | NOT_A_VIDEO: none of the files in the folder is a numbered JPEG or PNG",
        "one | TOO_SHORT: it is one picture, expected at least 2",
        "cut | CORRUPT: its picture img_00003.jpg is cut off",
        "text | CORRUPT: its picture img_00003.jpg is no JPEG or PNG picture",
        "nothing | CORRUPT: its picture img_00003.jpg is no JPEG or PNG picture: it is empty",
        "lfs | CORRUPT: its picture img_00003.jpg is no JPEG or PNG picture: it is a Git LFS pointer, not the file itself: run git lfs pull where it comes from",
        "loop | CORRUPT: its picture img_00003.jpg cannot be read: its links lead in a circle",
        "link | CORRUPT: its picture img_00003.jpg cannot be read: its link leads to no file",
        "folder | CORRUPT: its picture img_00003.jpg is no file",
        "late | RANGE_OUTSIDE_VIDEO: the frames 5+5 are none of its pictures, which have the numbers 1 to 5",
        "sizes | TOO_SHORT: each of its pictures has another size",
      })
  void shouldRejectWhatIsNoVideoInOneLine(String what, String reason) throws Exception {
    Path frames = Files.createDirectory(folder.resolve("frames"));
    FramePictures.frames(frames, what.equals("empty") ? 0 : what.equals("one") ? 1 : 5);
    Path third = frames.resolve("img_00003.jpg");
    FrameSpan span = what.equals("late") ? FrameSpan.of(5, 5) : null;
    switch (what) {
      case "cut" ->
          Files.write(
              third, Arrays.copyOf(Files.readAllBytes(third), (int) Files.size(third) - 20));
      case "text" -> Files.writeString(third, "a text");
      case "nothing" -> Files.write(third, new byte[0]);
      case "lfs" -> Files.writeString(third, "version https://git-lfs.github.com/spec/v1\n");
      case "loop" -> {
        Files.delete(third);
        Files.createSymbolicLink(third, third);
      }
      case "link" -> {
        Files.delete(third);
        Files.createSymbolicLink(third, folder.resolve("gone"));
      }
      case "folder" -> {
        Files.delete(third);
        Files.createDirectory(third);
      }
      case "sizes" -> {
        for (int i = 1; i <= 5; i++) {
          FramePictures.write(frames, "img_0000%d.jpg".formatted(i), i, 16 * i, 32);
        }
      }
      default -> {}
    }
    List<String> remarks = new ArrayList<>();

    assertThat(shown(frames(frames, span), EACH, remarks)).isEqualTo(reason);
  }

  /** As in a video whose data is damaged between its frames' ends. */
  @Test
  void shouldDecodeOnWhereAPictureIsDamagedWithin() throws Exception {
    FramePictures.noise(folder, 6, 100, 1);
    Path third = folder.resolve("img_00003.jpg");
    byte[] damaged = Files.readAllBytes(third);
    Arrays.fill(damaged, damaged.length / 2, damaged.length / 2 + 40, (byte) 0x55);
    Files.write(third, damaged);

    assertThat(shown(frames(folder, null))).isInstanceOf(List.class);
  }

  @Test
  void shouldLeaveNoFileBehind() throws Exception {
    FramePictures.frames(folder, 5);
    Path work =
        Path.of(
            System.getProperty("java.io.tmpdir"), "clipstream-" + System.getProperty("user.name"));
    List<Path> during;
    try (Footage footage = Footage.open(frames(folder, null))) {
      during = videos(work);
      assertThat(footage.remark()).isEmpty();
    }

    assertThat(during).isNotEmpty();
    assertThat(shown(frames(folder, FrameSpan.of(9, 3)))).isInstanceOf(String.class);
    assertThat(during).anySatisfy(file -> assertThat(file).doesNotExist());
  }

  private static List<Path> videos(Path work) throws Exception {
    try (var files = Files.walk(work)) {
      return files.filter(file -> file.toString().endsWith(".mov")).toList();
    }
  }

  @Test
  void shouldEndWhenItIsInterrupted() throws Exception {
    FramePictures.frames(folder, 5);
    Thread.currentThread().interrupt();

    assertThat(catchThrowable(() -> Footage.open(frames(folder, null))))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void shouldDecodeOnceAndKeepApartWhatIsTakenOtherwise() throws Exception {
    FramePictures.frames(Files.createDirectory(folder.resolve("a")), 12);
    List<ClipList.Entry> entries =
        List.of(
            frames(folder.resolve("a"), null),
            frames(folder.resolve("a"), FrameSpan.of(6)),
            frames(folder.resolve("a"), FrameSpan.of(0, 6)),
            entry(folder.resolve("a"), null, new FrameSeries(30, Optional.empty())));

    ContentDigests digests =
        ContentDigests.of(entries, folder.resolve("digests.tsv"), 2, Progress.silent());

    assertThat(entries.stream().map(digests::of)).doesNotHaveDuplicates();
    assertThat(entries.stream().map(e -> digests.of(e.path())))
        .containsOnly(digests.of(folder.resolve("a")));
    assertThat(Files.readString(folder.resolve("digests.tsv")).lines()).hasSize(1);
  }

  @Test
  void shouldKeepApartFramesThatHaveTheSameNumbersInPicturesThatAreNumberedOtherwise()
      throws Exception {
    Path a = FramePictures.frames(Files.createDirectory(folder.resolve("a")), 12);
    Path later = Files.createDirectory(folder.resolve("later"));
    Path zero = Files.createDirectory(folder.resolve("zero"));
    for (int number = 1; number <= 12; number++) {
      Path picture = a.resolve("img_%05d.jpg".formatted(number));
      Files.copy(picture, later.resolve("img_%05d.jpg".formatted(number + 2)));
      Files.copy(picture, zero.resolve("img_%05d.jpg".formatted(number - 1)));
    }
    FrameSpan span = FrameSpan.of(5, 4);
    assertThat(shown(frames(a, span))).isEqualTo(List.of(6, 7, 8, 9));
    assertThat(shown(frames(zero, span))).isEqualTo(List.of(6, 7, 8, 9));
    assertThat(shown(frames(later, span))).isEqualTo(List.of(4, 5, 6, 7));

    ContentDigests digests =
        ContentDigests.of(
            List.of(frames(a, null), frames(later, null), frames(zero, null)),
            folder.resolve("digests.tsv"),
            2,
            Progress.silent());

    assertThat(digests.of(frames(later, span))).isNotEqualTo(digests.of(frames(a, span)));
    assertThat(digests.video(frames(later, span))).isNotEqualTo(digests.video(frames(a, span)));
    assertThat(digests.of(frames(zero, span))).isEqualTo(digests.of(frames(a, span)));
    assertThat(digests.of(frames(later, FrameSpan.of(4))))
        .isEqualTo(digests.of(frames(a, FrameSpan.of(4))));
    assertThat(digests.of(frames(later, null))).isEqualTo(digests.of(frames(a, null)));
  }

  @Test
  void shouldRejectAsTheDecoderDoes() throws Exception {
    Path text = Files.writeString(folder.resolve("v.mp4"), "no video");
    try (Footage footage = Footage.open(entry(text, FrameSpan.of(3), null))) {
      DecodeResult result =
          footage.decode(
              new VideoDecoder(
                  EACH,
                  DecodeLimits.defaults(),
                  new ClipBuffers(EACH.clipBytes(), EACH.clipBytes())),
              Sampling.views(1, 1),
              Clip::close);

      assertThat(result)
          .isInstanceOfSatisfying(
              DecodeResult.Rejected.class,
              rejected -> assertThat(rejected.reason()).isEqualTo(DecodeReason.NOT_A_VIDEO));
    }
  }
}
