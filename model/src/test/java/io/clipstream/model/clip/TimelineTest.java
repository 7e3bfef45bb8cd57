package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Times in milliseconds, 10 frames a second. */
class TimelineTest {
  private static final long NONE = Timeline.MISSING;

  private final PacketTable packets = new PacketTable();
  private long statedEnd = NONE;

  @Test
  void shouldOrderReorderedFramesAndFindTheirKeys() {
    long[] pts = {5000, 5300, 5100, 5200, 5400, 5700, 5500, 5600};
    for (int i = 0; i < pts.length; i++) {
      add(pts[i], 4900 + 100L * i, i % 4 == 0);
    }

    Timeline timeline = build();

    assertThat(timeline.counted()).isFalse();
    assertThat(timeline.seconds())
        .containsExactly(new double[] {0, .1, .2, .3, .4, .5, .6, .7}, within(1e-9));
    assertThat(timeline.endSeconds()).isCloseTo(0.8, within(1e-9));
    assertThat(timeline.rate()).isCloseTo(10, within(1e-9));
    assertThat(numbers(timeline)).containsExactly(0, 3, 1, 2, 4, 7, 5, 6);
    assertThat(timeline.startFor(3).pts()).isEqualTo(5000);
    assertThat(timeline.startFor(5).pts()).isEqualTo(5400);
    assertThat(timeline.startFor(5).dts()).isEqualTo(5300);
    assertThat(timeline.startFor(5).packet()).isEqualTo(4);
    assertThat(timeline.firstFrom(0.25)).isEqualTo(3);
    assertThat(timeline.firstFrom(9)).isEqualTo(8);
    assertThat(timeline.remark()).isEmpty();
  }

  @Test
  void shouldKeepTheGapsOfAVariableRate() {
    for (long pts : new long[] {0, 100, 200, 4000, 4100}) {
      add(pts, pts, pts == 0);
    }

    assertThat(build().seconds()[3]).isEqualTo(4.0);
  }

  @Test
  void shouldContinueWhereTimesJumpBack() {
    for (int i = 0; i < 20; i++) {
      add(
          i < 10 ? 50_000 + 100L * i : 100L * (i - 10),
          i < 10 ? 50_000 + 100L * i : 100L * (i - 10),
          i % 10 == 0);
    }

    Timeline timeline = build();

    assertThat(timeline.frames()).isEqualTo(20);
    assertThat(timeline.endSeconds()).isCloseTo(2, within(1e-9));
    assertThat(timeline.number(10)).isEqualTo(10);
    assertThat(timeline.number(20)).isEqualTo(Timeline.HIDDEN);
    assertThat(timeline.startFor(15)).isNull(); // the container would be searched by a wrong time
    assertThat(timeline.remark()).contains("2 pieces");
  }

  @Test
  void shouldTellShortPiecesOfTheSameTimesApart() {
    for (int piece = 0; piece < 3; piece++) {
      long[] pts = {200, 500, 300, 400, 800, 600, 700};
      for (int i = 0; i < pts.length; i++) {
        add(pts[i], 100L * i, i == 0);
      }
    }

    Timeline timeline = build();

    assertThat(timeline.endSeconds()).isCloseTo(2.1, within(1e-9));
    assertThat(numbers(timeline))
        .containsExactly(0, 3, 1, 2, 6, 4, 5, 7, 10, 8, 9, 13, 11, 12, 14, 17, 15, 16, 20, 18, 19);
    assertThat(timeline.remark()).contains("3 pieces");
  }

  @Test
  void shouldTellPiecesApartWithoutTimesOfDecoding() {
    for (int piece = 0; piece < 2; piece++) {
      for (long pts : new long[] {0, 300, 100, 200, 400}) {
        add(pts, NONE, pts == 0);
      }
    }

    assertThat(numbers(build())).containsExactly(0, 3, 1, 2, 4, 5, 8, 6, 7, 9);
  }

  /** A joined file's clock may go back by only a frame: no key frame is shown before its past. */
  @Test
  void shouldTellPiecesApartThatOverlapByAFrame() {
    long[] pts = {200, 500, 300, 400, 600, 500, 800, 600, 700, 900};
    long[] dts = {0, 100, 200, 300, 400, 300, 400, 500, 600, 700};
    for (int i = 0; i < pts.length; i++) {
      add(pts[i], dts[i], i == 0 || i == 5);
    }

    Timeline timeline = build();

    assertThat(numbers(timeline)).containsExactly(0, 3, 1, 2, 4, 5, 8, 6, 7, 9);
    assertThat(timeline.endSeconds()).isCloseTo(1, within(1e-9));
  }

  @Test
  void shouldNotTakeReorderedFramesForAJump() {
    // Times of decoding that are those of presentation: wrong, but there are such muxers.
    for (long pts : new long[] {0, 400, 200, 100, 300, 800, 600, 500, 700}) {
      add(pts, pts, pts == 0);
    }

    Timeline timeline = build();

    assertThat(numbers(timeline)).containsExactly(0, 4, 2, 1, 3, 8, 6, 5, 7);
    assertThat(timeline.remark()).isEmpty();
  }

  @Test
  void shouldCloseALongGapWhereverItLiesInTheOrderOfDecoding() {
    long[] pts = {0, 300, 100, 200, 16_000, 400, 16_100};
    for (int i = 0; i < pts.length; i++) {
      add(pts[i], new long[] {-200, -100, 0, 100, 200, 300, 15_900}[i], i == 0);
    }

    Timeline timeline = build();

    assertThat(numbers(timeline)).containsExactly(0, 3, 1, 2, 5, 4, 6);
    assertThat(timeline.endSeconds()).isCloseTo(0.7, within(1e-9));
    assertThat(timeline.remark()).isEqualTo("a gap of 15.6 s in its times is closed");
    assertThat(timeline.startFor(6).packet()).isZero();
  }

  @Test
  void shouldSurviveASingleAbsurdTime() {
    for (int i = 0; i < 10; i++) {
      add(i == 5 ? 1L << 40 : 100L * i, i == 5 ? 1L << 40 : 100L * i, i == 0);
    }

    Timeline timeline = build();

    assertThat(timeline.frames()).isEqualTo(10);
    assertThat(timeline.endSeconds()).isBetween(0.9, 1.3);
    assertThat(numbers(timeline)).isSorted();
  }

  @Test
  void shouldOrderByDecodingTimesWherePresentationTimesAreMissing() {
    for (int i = 0; i < 10; i++) {
      add(i % 3 == 0 ? NONE : 100L * i, 100L * i, i == 0);
    }

    Timeline timeline = build();

    assertThat(timeline.counted()).isTrue();
    assertThat(timeline.seconds()[9]).isCloseTo(0.9, within(1e-9));
  }

  @Test
  void shouldCountFramesWhereThereAreNoTimes() {
    for (int i = 0; i < 10; i++) {
      add(NONE, NONE, i == 0);
    }

    assertThat(build().seconds()[9]).isCloseTo(0.9, within(1e-9));
    assertThat(build().counted()).isTrue();
  }

  @Test
  void shouldCountFramesWhereTimesMakeNoSense() {
    for (int i = 0; i < 10; i++) {
      add(7, 7, i == 0);
    }
    assertThat(build().seconds()[9]).isCloseTo(0.9, within(1e-9));

    PacketTable ticks = new PacketTable();
    for (int i = 0; i < 10; i++) {
      ticks.add(i, i, 0, PacketTable.Shows.FRAME, i == 0, false);
    }
    assertThat(new TimelineBuilder(ticks, 0, 0, false, NONE).build().rate())
        .isCloseTo(25, within(1e-9));
    assertThat(new TimelineBuilder(ticks, 1e-9, 1e9, false, NONE).build().rate())
        .isCloseTo(25, within(1e-9));
  }

  @Test
  void shouldBelieveTwoThousandFramesASecond() {
    PacketTable ticks = new PacketTable();
    for (int i = 0; i < 200; i++) {
      ticks.add(8L * i, 8L * i, 8, PacketTable.Shows.FRAME, i == 0, false);
    }

    assertThat(new TimelineBuilder(ticks, 1 / 16e3, 2000, false, NONE).build().endSeconds())
        .isCloseTo(0.1, within(1e-9));
  }

  @Test
  void shouldKeepFramesThatShareATimeApart() {
    long[] pts = {0, 100, 100, 200, 300, 300, 300, 400};
    for (int i = 0; i < pts.length; i++) {
      add(pts[i], 100L * i, i == 0 || i == 2 || i == 7);
    }

    Timeline timeline = build();

    assertThat(timeline.frames()).isEqualTo(8);
    assertThat(timeline.seconds()[2]).isBetween(0.14, 0.16);
    assertThat(timeline.seconds()[6]).isBetween(0.35, 0.37);
    assertThat(numbers(timeline)).containsExactly(0, 1, 1, 3, 4, 4, 4, 7);
    assertThat(timeline.lastTied(1)).isEqualTo(2);
    assertThat(timeline.lastTied(3)).isEqualTo(3);
    assertThat(timeline.lastTied(4)).isEqualTo(6);
    // By its time alone the second key is not told from the frame before it.
    assertThat(timeline.startFor(6).packet()).isZero();
    assertThat(timeline.startFor(7).packet()).isEqualTo(7);
  }

  @Test
  void shouldShowTheLastFrameForAsLongAsTheFileSays() {
    for (int i = 0; i < 5; i++) {
      packets.add(100L * i, 100L * i, i == 4 ? 3000 : 100, PacketTable.Shows.FRAME, i == 0, false);
    }
    assertThat(build().endSeconds()).isCloseTo(3.4, within(1e-9));

    statedEnd = 1400; // the header says less
    assertThat(build().endSeconds()).isCloseTo(1.4, within(1e-9));
  }

  @Test
  void shouldShowTheLastFrameForAsLongAsItIsRepeated() {
    for (int i = 0; i < 8; i++) {
      PacketTable.Shows shows = i > 4 ? PacketTable.Shows.LAST_FRAME : PacketTable.Shows.FRAME;
      packets.add(100L * i, 100L * i, 100, shows, i == 0, false);
    }

    assertThat(build().frames()).isEqualTo(5);
    assertThat(build().endSeconds()).isCloseTo(0.8, within(1e-9));
  }

  @Test
  void shouldNotOverflowAtTheEndsOfTheRange() {
    add(Long.MAX_VALUE, Long.MAX_VALUE, true);
    add(Long.MIN_VALUE + 1, Long.MIN_VALUE + 1, false);
    add(1L << 59, 1L << 59, false);

    assertThat(build().frames()).isEqualTo(3);
    assertThat(build().counted()).isTrue();
  }

  @Test
  void shouldStartAtAHiddenKeyFrame() {
    packets.add(-200, -200, 100, PacketTable.Shows.NOTHING, true, false);
    packets.startsAt(0, 0, -1, 100);
    for (int i = -1; i < 9; i++) {
      PacketTable.Shows shows = i >= 0 ? PacketTable.Shows.FRAME : PacketTable.Shows.NOTHING;
      packets.add(100L * i, 100L * i, 100, shows, false, false);
    }

    Timeline timeline = build();

    assertThat(timeline.frames()).isEqualTo(9);
    assertThat(timeline.startFor(0).pts()).isEqualTo(-200);
  }

  @Test
  void shouldStartAtARecoveryPointOnlyForWhatIsRightThen() {
    for (int i = 0; i < 30; i++) {
      packets.add(100L * i, 100L * i, 100, PacketTable.Shows.FRAME, i % 10 == 0, false);
    }
    packets.startsAt(0, 0, -1, 100);
    packets.startsAt(10, 16, -1, 100);
    packets.startsAt(20, 26, -1, 100);

    Timeline timeline = build();

    assertThat(timeline.startFor(15).packet()).isZero();
    assertThat(timeline.startFor(15).primer()).isNull();
    assertThat(timeline.startFor(25).packet()).isEqualTo(10);
    assertThat(timeline.startFor(26).packet()).isEqualTo(20);
    assertThat(timeline.startFor(26).primer().packet()).isZero();
  }

  @Test
  void shouldLeaveOutWhatCannotBeDecoded() {
    long[] pts = {1000, 1300, 1100, 1200, 1600, 1400, 1500, 1700};
    for (int i = 0; i < pts.length; i++) {
      add(pts[i], 900 + 100L * i, i == 4);
    }
    TimelineBuilder builder = new TimelineBuilder(packets, 0.001, 10, true, NONE);
    assertThat(packets.beginsWithItsFirstFrame()).isFalse();

    Timeline timeline = builder.build(4, 2, 4); // two pictures before the key frame need others

    assertThat(timeline.firstPacket()).isEqualTo(4);
    assertThat(timeline.frames()).isEqualTo(2);
    assertThat(numbers(timeline)).containsExactly(-1, -1, -1, -1, 0, -1, -1, 1);
  }

  /** A recording of a picture every 15 s, somewhat unevenly, has no gaps. */
  @Test
  void shouldNotTakeSlowPicturesForGaps() {
    for (int i = 0; i < 20; i++) {
      long time = 15_000L * i + (i % 3) * 700;
      add(time, time, true);
    }

    Timeline timeline = new TimelineBuilder(packets, 0.001, 1 / 15.0, true, NONE).build();

    assertThat(timeline.remark()).isEmpty();
    assertThat(timeline.seconds()[19]).isCloseTo(285.7, within(1e-9));
  }

  /** Times of decoding tell when pictures are shown only all together. */
  @Test
  void shouldBeginBehindWhatCannotBeDecodedWherePresentationTimesAreMissing() {
    for (int i = 0; i < 8; i++) {
      add(NONE, 900 + 100L * i, i == 2);
    }
    TimelineBuilder builder = new TimelineBuilder(packets, 0.001, 10, true, NONE);

    Timeline timeline = builder.build(2, 2, 2); // two pictures before the key frame need others

    assertThat(timeline.seconds()).containsExactly(new double[] {0, .1, .2, .3}, within(1e-9));
    assertThat(timeline.endSeconds()).isCloseTo(0.4, within(1e-9));
  }

  private void add(long pts, long dts, boolean key) {
    if (key) {
      packets.startsAt(packets.packets(), packets.packets(), -1, 100);
    }
    packets.add(pts, dts, 0, PacketTable.Shows.FRAME, key, false);
  }

  private Timeline build() {
    return new TimelineBuilder(packets, 0.001, 10, true, statedEnd).build();
  }

  private int[] numbers(Timeline timeline) {
    int[] numbers = new int[packets.packets()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = timeline.number(i);
    }
    return numbers;
  }
}
