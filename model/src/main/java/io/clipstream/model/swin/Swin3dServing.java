package io.clipstream.model.swin;

import io.clipstream.model.Count;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The serving form of Swin3D: the same function as {@link Swin3d}'s training form, for clips of the
 * manifest's size alone and arranged for speed.
 *
 * <p>Tokens stay in the order of attention windows ({@link WindowOrder}) from the patch embedding
 * to the head; one gather between consecutive blocks replaces shift, partition and their inverses,
 * and patch merging is one gather. Windows that need the same mask are one attention call, whose
 * bias and mask are added once, when the file is loaded. Normalisation of pixels is folded into the
 * patch projection, the scale of attention into the queries' weights, the affine part of a layer
 * norm into the linear layer that follows (not the norm of the patch embedding, which no linear
 * layer follows alone, and not the norm before an attention that sees padding, since padding is
 * zero after it).
 *
 * <p>Input and output are those of every artifact: uint8 {@code [N, T, H, W, 3]} and float32 {@code
 * [N, K]}, whatever the precision inside. The network holds buffers only, nothing that trains.
 */
public final class Swin3dServing {
  /** Of weights and of tokens between layers. */
  public enum Precision {
    /** Equal to the training form to rounding. */
    FP32("6", "torch.gelu_(torch.linear(x, weight, bias))"),
    /**
     * bfloat16, for GPUs from Ampere on and CPUs with AVX512-BF16 or AMX; sums are float32, and so
     * are the head and, of clips so small that fewer than 32 tokens reach it, the tokens between
     * layers: the mean of so few evens out little rounding. On GPUs GELU is its tanh form, which
     * the matrix product's epilogue computes; it differs from the exact one by less than bfloat16
     * resolves.
     */
    BF16("15", "torch._addmm_activation(bias, x, torch.t(weight), use_gelu=True)");

    /** TorchScript's number of the type. */
    final String dtype;

    /** Source of an MLP's first layer with its GELU. */
    final String hidden;

    Precision(String dtype, String hidden) {
      this.dtype = dtype;
      this.hidden = hidden;
    }

    /** As manifests say it: {@code fp32} or {@code bf16}. */
    public String manifestName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private Swin3dServing() {}

  /**
   * Writes the serving form of an artifact in its training form; golden outputs stay those of the
   * training form.
   *
   * @param out where to; replaced in one step if it exists
   * @throws IOException if the artifact is none or has no training form of this network; the
   *     message is one line that begins with the file
   */
  public static void export(Path artifact, Path out, Precision precision) throws IOException {
    ModelArtifact opened = ModelArtifact.open(artifact);
    ModelManifest manifest = opened.manifest();
    if (!manifest.form().equals("training")) {
      throw new IOException(
          artifact + ": its form is " + manifest.form() + ", expected training to export from");
    }
    Map<String, Weights> weights = Swin3d.read(artifact);
    Swin3dConfig config = Swin3dConfig.fromMap(manifest.architecture());
    write(out, config, weights, manifest, precision, opened.golden());
  }

  /**
   * Writes the network in its serving form as an artifact.
   *
   * @param out where to; replaced in one step if it exists
   * @param weights those of the training form: every parameter of {@link Swin3d#shapes}
   * @param manifest its clip is the size that the network will take; its architecture, form and
   *     precision are replaced by what is written
   * @throws IllegalArgumentException if weights or labels do not fit the config; the message is one
   *     line that names key, found and expected
   */
  public static void write(
      Path out,
      Swin3dConfig config,
      Map<String, Weights> weights,
      ModelManifest manifest,
      Precision precision)
      throws IOException {
    write(out, config, weights, manifest, precision, Optional.empty());
  }

  private static void write(
      Path out,
      Swin3dConfig config,
      Map<String, Weights> weights,
      ModelManifest manifest,
      Precision precision,
      Optional<Golden> golden)
      throws IOException {
    Swin3d.check(config, weights);
    if (manifest.labels().size() != config.classes()) {
      throw new IllegalArgumentException(
          "the manifest has %s, expected %d"
              .formatted(Count.of(manifest.labels().size(), "label"), config.classes()));
    }
    ServingWeights tensors = new ServingWeights(weights, precision);
    ModelArtifact.write(
        out,
        manifest.withNetwork(config.toMap(), "serving", precision.manifestName()),
        ServingSource.plain(config, manifest.clip(), precision),
        new ServingNetwork(config, manifest.clip(), tensors).root(),
        golden);
  }
}
