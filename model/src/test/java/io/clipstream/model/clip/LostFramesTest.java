package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Times in milliseconds, 10 frames a second, reordered, a key frame in eight packets. */
class LostFramesTest {
  private final PacketTable packets = new PacketTable();

  @Test
  void shouldCountFramesThatAreMissingBehindAMark() {
    add(0, 11, 10);
    add(19, 30, -1);

    assertThat(lost()).isEqualTo(8);
  }

  @Test
  void shouldCountFramesThatAreMissingWhereDataWasSkipped() {
    add(0, 13, -1);
    packets.skipped();
    add(17, 30, -1);

    assertThat(lost()).isEqualTo(4);
  }

  @Test
  void shouldNotTakeAMarkWithoutAStepForALoss() {
    add(0, 30, 13);

    assertThat(lost()).isZero();
  }

  @Test
  void shouldNotTakeAStepWithoutAMarkForALoss() {
    add(0, 11, -1);
    add(19, 30, -1);

    assertThat(lost()).isZero();
  }

  @Test
  void shouldTellWhereFilesWereJoined() {
    add(0, 16, 14); // the mark is not on the last packet before the key frame
    add(48, 60, -1);

    assertThat(lost()).isZero();
    assertThat(LostFrames.damaged(packets)).isZero();
  }

  @Test
  void shouldCountPacketsThatAreDamagedElsewhere() {
    add(0, 30, 13); // as 16 begins a key frame
    add(30, 60, 35);
    add(60, 64, 63);

    assertThat(LostFrames.damaged(packets)).isEqualTo(2);
  }

  @Test
  void shouldTakeALongStepForAGap() {
    add(0, 11, 10);
    add(219, 230, -1);

    assertThat(lost()).isZero();
  }

  /** Frames of 100 ms in the order I P b P b P b P, the marked one said to be damaged. */
  private void add(int from, int to, int marked) {
    for (int i = from; i < to; i++) {
      boolean key = i % 8 == 0;
      if (key) {
        packets.startsAt(packets.packets(), packets.packets(), -1, 100);
      }
      boolean swapped = !key && i % 8 < 7;
      int shown = swapped ? i + (i % 2 == 1 ? 1 : -1) : i;
      packets.add(200 + 100L * shown, 100L * i, 100, PacketTable.Shows.FRAME, key, i == marked);
    }
  }

  private long lost() {
    return new LostFrames(packets, 100, 10_000).count();
  }
}
