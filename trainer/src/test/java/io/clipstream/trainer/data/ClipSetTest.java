package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.trainer.TinyRun;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClipSetTest {
  /** 6 of the videos' 12 frames a second: 12 samples in 2 s. */
  private static final ClipSpec CLIP =
      new ClipSpec(4, 6, 20, 16, false, List.of(0.5f, 0.5f, 0.5f), List.of(1f, 1f, 1f));

  private static final Kept CENTRE = Kept.centreClip(CLIP);
  private static final Kept WIDE = Kept.around(CLIP, 2, true, true);
  private static final Kept STREAMED = Kept.around(CLIP, 2, true, false);

  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  private ClipSet open(Kept kept) throws Exception {
    ClipList list = ClipList.read(folder.resolve("videos.csv"));
    Progress progress = new Progress(new PrintWriter(said, true));
    return ClipSet.open(
        folder.resolve("train.clips"),
        kept,
        list,
        list.split("train"),
        ContentDigests.of(list.entries(), folder.resolve("digests.tsv"), 2, progress),
        TinyRun.LABELS,
        2,
        progress);
  }

  private static byte[] centre(ClipSet set, int clip) {
    ByteBuffer to = ByteBuffer.allocate(set.clipBytes());
    set.read(clip, Augmentation.Change.none(set.room(clip), set.crop()), to);
    return to.array();
  }

  @Test
  void shouldGiveTheClipThatServingCuts() throws Exception {
    TinyRun.videos(folder, 2, 0);
    byte[] served = served(folder.resolve("1.avi"));

    for (Kept kept : List.of(CENTRE, WIDE, STREAMED)) {
      try (ClipSet set = open(kept)) {
        assertThat(set.size()).isEqualTo(2);
        assertThat(set.classOf(1)).isEqualTo(1);
        assertThat(centre(set, 1)).as(kept.toString()).isEqualTo(served);
      }
    }
  }

  private static byte[] served(Path video) throws Exception {
    VideoDecoder decoder =
        new VideoDecoder(
            CLIP, DecodeLimits.defaults(), new ClipBuffers(CLIP.clipBytes(), CLIP.clipBytes()));
    byte[] pixels = new byte[CLIP.clipBytes()];
    decoder.decode(
        video,
        Sampling.views(1, 1),
        Optional.empty(),
        (Clip clip) -> {
          try (clip) {
            clip.pixels().get(0, pixels);
          }
        });
    return pixels;
  }

  @Test
  void shouldKeepTheWholePictureAndTwiceTheLength() throws Exception {
    TinyRun.videos(folder, 2, 0);

    try (ClipSet set = open(WIDE)) {
      // 64 x 36 with a short side of 20; 8 frames kept, 4 in a clip
      assertThat(set.room(0)).isEqualTo(new Augmentation.Room(4, 35, 20));
    }
    try (ClipSet set = open(Kept.around(CLIP, 10, true, true))) {
      assertThat(set.room(0)).isEqualTo(new Augmentation.Room(8, 35, 20)); // there are 12
    }
    try (ClipSet set = open(CENTRE)) {
      assertThat(set.room(0)).isEqualTo(new Augmentation.Room(0, 20, 20));
    }
  }

  @Test
  void shouldCutTheSameClipsOfWhatItDecodesAgain() throws Exception {
    TinyRun.videos(folder, 3, 0);
    Augmentation augmentation = Augmentation.none();
    List<byte[]> cached = new ArrayList<>();
    for (Kept kept : List.of(WIDE, STREAMED, STREAMED)) { // the second time from the index
      try (ClipSet set = open(kept)) {
        for (int clip = 0; clip < 3; clip++) {
          Augmentation.Change change =
              augmentation.draw(set.room(clip), set.crop(), new SplittableRandom(clip));
          ByteBuffer to = ByteBuffer.allocate(set.clipBytes());
          set.read(clip, change, to);
          if (kept.stored()) {
            cached.add(to.array());
          } else {
            assertThat(to.array()).isEqualTo(cached.get(clip));
          }
        }
      }
    }
    assertThat(folder.resolve("train.clips")).isEmptyFile();
  }

  @Test
  void shouldNameAVideoThatIsGoneWhenItIsDecodedAgain() throws Exception {
    TinyRun.videos(folder, 2, 0);
    try (ClipSet set = open(STREAMED)) {
      Path gone = folder.resolve("1.avi");
      Files.delete(gone);

      assertThatThrownBy(() -> centre(set, 1))
          .isInstanceOf(UserError.class)
          .hasMessageStartingWith(gone + " was fit for training when it began, now it is not: ");
    }
  }

  @Test
  void shouldSayThatAVideoHasAnotherSizeWhenItIsDecodedAgain() throws Exception {
    TinyRun.videos(folder, 2, 0);
    try (ClipSet set = open(STREAMED)) {
      Path changed = folder.resolve("1.avi");
      TinyRun.video(changed, TinyRun.HEIGHT, TinyRun.WIDTH, 160, 1);

      assertThatThrownBy(() -> centre(set, 1))
          .isInstanceOf(UserError.class)
          .hasMessage(
              changed + " was fit for training when it began, now it is not: it has another size");
    }
  }

  @Test
  void shouldFindWhatWasDecodedByItsContent() throws Exception {
    TinyRun.videos(folder, 4, 0);
    byte[] third;
    try (ClipSet set = open(WIDE)) {
      third = centre(set, 2);
    }
    long bytes = Files.size(folder.resolve("train.clips"));
    assertThat(said.toString()).contains("decoding 4/4");
    said.reset();

    // Other names, labels and order: nothing is decoded.
    Files.move(folder.resolve("2.avi"), folder.resolve("two.avi"));
    Files.writeString(
        folder.resolve("videos.csv"),
        "two.avi,bright,train\n0.avi,dark,train\n1.avi,bright,train\n3.avi,bright,train\n");
    try (ClipSet set = open(WIDE)) {
      assertThat(set.classOf(0)).isEqualTo(1);
      assertThat(set.file(0)).isEqualTo(folder.resolve("two.avi"));
      assertThat(centre(set, 0)).isEqualTo(third);
    }
    assertThat(said.toString()).doesNotContain("decoding");

    // One more, and one with another content under an old name.
    TinyRun.video(folder.resolve("3.avi"), 200, 77);
    TinyRun.video(folder.resolve("4.avi"), 200, 78);
    Files.writeString(
        folder.resolve("videos.csv"),
        "two.avi,bright,train\n0.avi,dark,train\n1.avi,bright,train\n3.avi,bright,train\n"
            + "4.avi,bright,train\n");
    try (ClipSet set = open(WIDE)) {
      assertThat(centre(set, 0)).isEqualTo(third);
      assertThat(centre(set, 3)).isNotEqualTo(centre(set, 4));
    }
    assertThat(said.toString()).contains("decoding 2/2");
    assertThat(Files.size(folder.resolve("train.clips"))).isEqualTo(bytes / 4 * 6);
  }

  @Test
  void shouldDropWhatIsNoLongerListedOnceItIsMost() throws Exception {
    TinyRun.videos(folder, 6, 0);
    open(WIDE).close();
    long bytes = Files.size(folder.resolve("train.clips"));

    Files.writeString(folder.resolve("videos.csv"), "0.avi,dark,train\n1.avi,bright,train\n");
    open(WIDE).close();

    assertThat(Files.size(folder.resolve("train.clips"))).isEqualTo(bytes / 3);
  }

  @Test
  void shouldTellOfBadFilesEveryTime() throws Exception {
    TinyRun.videos(folder, 4, 0);
    byte[] whole = Files.readAllBytes(folder.resolve("3.avi"));
    Files.write(folder.resolve("3.avi"), Arrays.copyOf(whole, 100));

    for (int run = 0; run < 2; run++) {
      said.reset();
      try (ClipSet set = open(WIDE)) {
        assertThat(set.size()).isEqualTo(3);
        assertThat(set.rejected()).hasSize(1);
        assertThat(set.rejected().get(0).entry().path()).isEqualTo(folder.resolve("3.avi"));
        assertThat(set.rejected().get(0).reason()).startsWith("CORRUPT: ").doesNotContain("\n");
        set.require(TinyRun.LABELS);
      }
      assertThat(said.toString()).contains("left out " + folder.resolve("3.avi") + ": CORRUPT: ");
    }
  }

  @Test
  void shouldRefuseAClassWithoutClips() throws Exception {
    TinyRun.videos(folder, 4, 0);
    for (int i : new int[] {1, 3}) {
      Files.write(folder.resolve(i + ".avi"), new byte[100 + i]);
    }

    try (ClipSet set = open(WIDE)) {
      assertThatThrownBy(() -> set.require(TinyRun.LABELS))
          .isInstanceOf(UserError.class)
          .hasMessage(
              "split train has no clip of bright (2 of its videos do not decode); take those away,"
                  + " add videos of each, or leave the label out");
    }
  }

  private List<byte[]> centres(Kept kept) throws Exception {
    said.reset();
    try (ClipSet set = open(kept)) {
      return IntStream.range(0, set.size()).mapToObj(i -> centre(set, i)).toList();
    }
  }

  /** A disk that was full or failed, or a copy that was cut off. */
  @Test
  void shouldNotTrainOnPixelsThatAreNotThere() throws Exception {
    TinyRun.videos(folder, 4, 0);
    List<byte[]> whole = centres(WIDE);
    Path pixels = folder.resolve("train.clips");
    byte[] bytes = Files.readAllBytes(pixels);

    for (int length : new int[] {0, bytes.length / 2, bytes.length - 1}) {
      Files.write(pixels, Arrays.copyOf(bytes, length));

      assertThat(centres(WIDE)).usingElementComparator(Arrays::compare).isEqualTo(whole);

      assertThat(said.toString()).contains("decoding ");
      assertThat(Files.size(pixels)).isEqualTo(bytes.length);
    }
    Files.delete(pixels);
    assertThat(centres(WIDE)).usingElementComparator(Arrays::compare).isEqualTo(whole);
  }

  @Test
  void shouldDecodeAgainWhatIsDamaged() throws Exception {
    TinyRun.videos(folder, 4, 0);
    for (Kept kept : List.of(WIDE, CENTRE)) {
      List<byte[]> whole = centres(kept);
      Path pixels = folder.resolve("train.clips");
      byte[] bytes = Files.readAllBytes(pixels);
      bytes[bytes.length / 2] ^= 1;
      Files.write(pixels, bytes);

      assertThat(centres(kept)).usingElementComparator(Arrays::compare).isEqualTo(whole);

      assertThat(said.toString()).containsOnlyOnce(pixels + " is damaged where it holds ");
    }
  }

  @Test
  void shouldDecodeAgainWhatDamagedLinesOfTheIndexHeld() throws Exception {
    TinyRun.videos(folder, 4, 0);
    List<byte[]> whole = centres(WIDE);
    Path index = folder.resolve("train.clips.index");
    byte[] bytes = Files.readAllBytes(index);

    for (int cut = 1; cut <= 60; cut++) { // within a line
      Files.write(index, Arrays.copyOf(bytes, bytes.length - cut));
      assertThat(centres(WIDE)).usingElementComparator(Arrays::compare).isEqualTo(whole);
    }
    for (int at = 0; at < bytes.length; at += 7) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= at % 2 == 0 ? 1 : (byte) 0x80;
      Files.write(index, flipped);
      assertThat(centres(WIDE))
          .as("byte " + at)
          .usingElementComparator(Arrays::compare)
          .isEqualTo(whole);
    }
  }

  @Test
  void shouldReadAgainWhatDamagedLinesOfDigestsHeld() throws Exception {
    TinyRun.videos(folder, 2, 0);
    List<byte[]> whole = centres(WIDE);
    Path digests = folder.resolve("digests.tsv");
    byte[] bytes = Files.readAllBytes(digests);
    bytes[5] = (byte) 0xff;
    Files.write(digests, bytes);

    assertThat(centres(WIDE)).usingElementComparator(Arrays::compare).isEqualTo(whole);

    assertThat(said.toString()).contains("reading videos 1/1").doesNotContain("decoding");
  }

  @Test
  void shouldDecodeTheSameWithManyThreads() throws Exception {
    TinyRun.videos(folder, 9, 0);
    List<byte[]> first;
    try (ClipSet set = open(WIDE)) {
      first = IntStream.range(0, 9).mapToObj(i -> centre(set, i)).toList();
    }
    Files.delete(folder.resolve("train.clips.index"));
    try (ClipSet set = open(WIDE)) {
      for (int i = 0; i < 9; i++) {
        assertThat(centre(set, i)).isEqualTo(first.get(i));
      }
    }
  }
}
