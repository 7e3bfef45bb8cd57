package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpochFilesTest {
  @TempDir Path folder;

  private static EpochReport report(int epoch) {
    return new EpochReport(epoch, 0.01, 1.5, 0.25, 1.25, 0.5, 0.75, 2);
  }

  @Test
  void shouldWriteATableOfAllEpochs() throws Exception {
    EpochFiles files = new EpochFiles(folder);
    files.write(List.of(report(1)));
    files.write(List.of(report(1), report(2)));

    assertThat(folder.resolve("epochs.csv"))
        .hasContent(
            """
            epoch,learning-rate,train/loss,train/top1,validation/loss,validation/top1,validation/mean-class,seconds
            1,0.01,1.5,0.25,1.25,0.5,0.75,2.0
            2,0.01,1.5,0.25,1.25,0.5,0.75,2.0
            """);
    try (Stream<Path> names = Files.list(folder)) {
      assertThat(names.filter(name -> name.toString().contains("tfevents"))).hasSize(1);
    }
  }

  /** Every event file of TensorFlow begins with these twelve bytes, and then the same version. */
  @Test
  void shouldWriteWhatTensorBoardReads() throws Exception {
    Instant time = Instant.ofEpochSecond(1_700_000_000);
    new EventFile(folder, time).add(300, Map.of("train/loss", 1.5), time);

    byte[] bytes = Files.readAllBytes(folder.resolve("events.out.tfevents.1700000000.clipstream"));
    HexFormat hex = HexFormat.of();
    assertThat(hex.formatHex(bytes, 0, 12)).isEqualTo("1800000000000000a37f4b22");
    assertThat(new String(bytes, 23, 13, StandardCharsets.UTF_8)).isEqualTo("brain.Event:2");
    ByteBuffer second = ByteBuffer.wrap(bytes, 40, bytes.length - 40);
    second.order(ByteOrder.LITTLE_ENDIAN);
    assertThat(second.getLong()).isEqualTo(bytes.length - 40 - 16);
    second.getInt();
    assertThat(second.get()).isEqualTo((byte) 0x09);
    assertThat(second.getDouble()).isEqualTo(1.7e9);
    byte[] rest = new byte[second.remaining() - 4];
    second.get(rest);
    // step 300; summary of one value: tag and float
    assertThat(hex.formatHex(rest))
        .isEqualTo("10ac02" + "2a13" + "0a11" + "0a0a" + hex("train/loss") + "15" + "0000c03f");
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
  }
}
