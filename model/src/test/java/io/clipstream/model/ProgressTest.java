package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final String NO_WRAP = "\u001b[?7l";
  private static final String WRAP = "\u001b[?7h";
  private static final long SECOND = 1_000_000_000L;
  private static final long MIB = 1 << 20;

  private final StringWriter text = new StringWriter();
  private long now;

  @Test
  void shouldPrintALineOfItemsNowAndThenWhereThereIsNoTerminal() {
    Progress progress = progress(false);

    progress.start("decode", 100, 20);
    after(10, () -> progress.step(20, ""));
    after(10, () -> progress.step(20, "loss 0.5"));
    after(1, progress::step);
    progress.end();

    assertThat(text.toString().lines())
        .containsExactly(
            "decode 60/100, 2.0/s, 20s left, loss 0.5", "decode 61/100, 2.0/s, 20s left");
  }

  @Test
  void shouldRewriteABarOnATerminal() {
    Progress progress = progress(true);

    progress.start("train", 4);
    after(1, progress::step);
    after(1, () -> progress.step(3, ""));
    progress.end();

    assertThat(text.toString().lines())
        .containsExactly(
            "",
            NO_WRAP + "train [======                  ] 1/4, 1.0/s, 3s left\u001b[K" + WRAP,
            NO_WRAP + "train [========================] 4/4, 2.0/s\u001b[K" + WRAP);
  }

  /** A line that wrapped could not be rewritten: each time a row would stay behind. */
  @Test
  void shouldCutTheBarAtTheMarginOfATerminalButNotWhatStays() {
    Progress progress = progress(true);

    progress.start("train", 4);
    after(1, () -> progress.step(1, "epoch 1, loss 1.084, top-1 57.1 %, 0.3 GiB"));
    progress.note("epoch 1 of 3: a line that may be longer than the terminal is wide");

    assertThat(text.toString())
        .contains(
            "\r"
                + NO_WRAP
                + "train [==      ] 1/4, 1.0/s, 3s left, epoch 1, loss 1.084, top-1 57.1 %, 0.3 GiB"
                + "\u001b[K"
                + WRAP
                + "\repoch 1 of 3: ");
  }

  @Test
  void shouldCountBytesOfATransferThatGoesOn() {
    Progress progress = progress(false);

    progress.startBytes("b.pth");
    progress.at(100 * MIB, 300 * MIB);
    after(20, () -> progress.at(200 * MIB, 300 * MIB));
    after(10, () -> progress.at(300 * MIB, 300 * MIB));
    progress.end();

    assertThat(text.toString().lines())
        .containsExactly(
            "b.pth: continued at 100.0 MiB",
            "b.pth 200.0/300.0 MiB, 5.0 MiB/s, 20s left",
            "b.pth 300.0/300.0 MiB, 6.7 MiB/s");
  }

  @Test
  void shouldCountAnewWhenATransferBeginsAgain() {
    Progress progress = progress(false);

    progress.startBytes("b.pth");
    progress.at(0, -1);
    after(10, () -> progress.at(50 * MIB, -1));
    progress.at(0, -1);
    after(20, () -> progress.at(20 * MIB, -1));
    progress.close();

    assertThat(text.toString().lines()).containsExactly("b.pth 20.0 MiB, 1.0 MiB/s");
  }

  @Test
  void shouldSayNothingOfATransferThatWasNotNeeded() {
    Progress progress = progress(true);

    progress.startBytes("b.pth");
    progress.end();

    assertThat(text.toString()).isEmpty();
  }

  @Test
  void shouldNotLetNotesMoveTheCursor() {
    progress(false).note("left out a\u001b[2J.mp4:\nit is empty");

    assertThat(text.toString().lines()).containsExactly("left out a\\u001b[2J.mp4:", "it is empty");
  }

  @Test
  void shouldShowTimesAsPeopleReadThem() {
    assertThat(Progress.time(12)).isEqualTo("12s");
    assertThat(Progress.time(200)).isEqualTo("3m20s");
    assertThat(Progress.time(3725)).isEqualTo("1h02m");
  }

  private Progress progress(boolean terminal) {
    return new Progress(new PrintWriter(text), terminal, () -> now);
  }

  private void after(int seconds, Runnable step) {
    now += seconds * SECOND;
    step.run();
  }
}
