package io.clipstream.streams.live.rollout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CanaryShareTest {
  private final CanaryShare share = new CanaryShare("camera-motion");

  /** The values are those of another implementation of murmur2. */
  @Test
  void shouldKeepPlacesForEver() {
    assertThat(share.place(bytes("clip-1"))).isEqualTo(0.1095184807, within(1e-9));
    assertThat(share.place(bytes("clip-2"))).isEqualTo(0.3220045881, within(1e-9));
    assertThat(share.place(new byte[0])).isEqualTo(0.0706757251, within(1e-9));
    assertThat(new CanaryShare("sports").place(bytes("clip-1")))
        .isEqualTo(0.1843419452, within(1e-9));
  }

  @Test
  void shouldKeepKeysWhenTheShareGrows() {
    for (int i = 0; i < 10_000; i++) {
      boolean before = false;
      for (double part : new double[] {0, 0.01, 0.05, 0.1, 0.5, 1}) {
        boolean takes = share.takes(bytes("key-" + i), null, part);

        assertThat(takes || !before).isTrue();
        before = takes;
      }
      assertThat(before).isTrue();
      assertThat(share.takes(bytes("key-" + i), null, 0)).isFalse();
    }
  }

  @Test
  void shouldTakeTheVideoIdWhereThereIsNoKey() {
    for (int i = 0; i < 100; i++) {
      assertThat(share.takes(null, "clip-" + i, 0.3))
          .isEqualTo(share.takes(bytes("clip-" + i), "other", 0.3));
    }
  }

  /** Chi-square over 100 equal parts of 0 to 1: 149.4 is passed once in a thousand times. */
  @Test
  void shouldSpreadKeysEvenlyWhateverTheyLookLike() {
    for (String pattern :
        new String[] {"%d", "clip-%08d", "s3://bucket/a/%x.mp4", "%1$d%1$d%1$d"}) {
      for (String model : new String[] {"a", "b", "camera-motion"}) {
        CanaryShare other = new CanaryShare(model);
        int keys = 100_000;
        int[] counts = new int[100];
        for (int i = 0; i < keys; i++) {
          counts[(int) (100 * other.place(bytes(String.format(pattern, i))))]++;
        }
        double chiSquare = 0;
        for (int count : counts) {
          double difference = count - keys / 100.0;
          chiSquare += difference * difference / (keys / 100.0);
        }
        assertThat(chiSquare).as(model + " " + pattern).isBetween(50.0, 160.0);
      }
    }
  }

  @Test
  void shouldTakeOtherKeysForOtherModels() {
    CanaryShare other = new CanaryShare("sports");
    int both = 0;
    for (int i = 0; i < 100_000; i++) {
      byte[] key = bytes("key-" + i);
      both += share.takes(key, null, 0.1) && other.takes(key, null, 0.1) ? 1 : 0;
    }
    assertThat(both).isBetween(850, 1_150);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
