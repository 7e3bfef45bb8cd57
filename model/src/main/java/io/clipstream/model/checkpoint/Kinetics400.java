package io.clipstream.model.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/**
 * What the published networks for Kinetics-400 (https://arxiv.org/abs/1705.06950) have in common:
 * torchvision's {@code Swin3D_*_Weights}, Video-Swin-Transformer, MMAction2 and PaddleVideo number
 * the classes alike and, but for the choice of frames, cut clips alike.
 */
public final class Kinetics400 {
  /**
   * torchvision: 32 frames at 15 a second, short side 256, crop 224, mean and deviation of
   * ImageNet.
   */
  public static final ClipSpec CLIP =
      new ClipSpec(
          32,
          15,
          256,
          224,
          false,
          List.of(0.485f, 0.456f, 0.406f),
          List.of(0.229f, 0.224f, 0.225f));

  /**
   * The same with every second frame, at whatever rate: Video-Swin-Transformer, MMAction2 ({@code
   * SampleFrames(clip_len=32, frame_interval=2)}) and PaddleVideo ({@code Sampler}).
   */
  public static final ClipSpec CLIP_OF_EVERY_SECOND_FRAME =
      new ClipSpec(
          CLIP.frames(),
          0,
          2,
          CLIP.shortSide(),
          CLIP.crop(),
          CLIP.antialias(),
          CLIP.mean(),
          CLIP.std(),
          Protocol.MMACTION2_0);

  /**
   * Accuracies in percent that torchvision publishes for its files, by the first eight digits of
   * their SHA-256, which are in their names (torchvision, models/video/swin_transformer.py).
   */
  private static final Map<String, Map<String, Double>> TORCHVISION =
      Map.of(
          "7615ae03", accuracies(77.715, 93.519), // swin3d_t
          "da41c237", accuracies(79.521, 94.158), // swin3d_s
          "24f7c7c6", accuracies(79.427, 94.386), // swin3d_b_1k
          "7c6ae6fa", accuracies(81.643, 95.574)); // swin3d_b_22k

  private Kinetics400() {}

  private static Map<String, Double> accuracies(double top1, double top5) {
    return Map.of("kinetics400.12-clips.top1", top1 / 100, "kinetics400.12-clips.top5", top5 / 100);
  }

  /** Names of the 400 classes, as torchvision has them. */
  public static List<String> labels() {
    try (InputStream in = Kinetics400.class.getResourceAsStream("kinetics400.txt")) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Accuracies that are published for a file, from 0 to 1, measured on 12 clips a video; empty if
   * it is another file.
   *
   * @param sha256 of the file, hex
   */
  public static Map<String, Double> publishedMetrics(String sha256) {
    return TORCHVISION.getOrDefault(sha256.substring(0, 8), Map.of());
  }
}
