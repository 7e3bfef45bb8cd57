package io.clipstream.model.swin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.swin.ServingLayout.Stage;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * The TorchScript source of the serving form: a template and, for each stage, its containers. There
 * are two for one archive: the plain one, which is written into it and which any PyTorch runs, and
 * one that names clipstream's own operators.
 */
final class ServingSource {
  private static final String PLAIN = "swin3d_serving.py.txt";
  private static final String KERNELS = "swin3d_kernels.py.txt";
  private static final int FEW_TOKENS = 32;

  private final List<Stage> stages;
  private final boolean kernels;

  private ServingSource(ServingLayout layout, boolean kernels) {
    this.stages = layout.stages();
    this.kernels = kernels;
  }

  static String plain(Swin3dConfig config, ClipSpec clip, Precision precision) {
    ServingLayout layout = new ServingLayout(config, clip);
    boolean wide = wide(layout, precision);
    return template(PLAIN)
        .replace("{dtype}", precision.dtype)
        .replace("{hidden}", precision.hidden)
        .replace("{wide}", wide ? "torch.to(x, 6)" : "x")
        .replace("{narrow}", wide ? "torch.to(x, 15)" : "x")
        .replace(
            "{patch_norm}",
            config.patchNorm()
                ? "torch.layer_norm(x, [torch.size(x, 1)], self.norm_weight, self.norm_bias, 1e-05)"
                : "x")
        .replace("{containers}\n", new ServingSource(layout, false).containers());
  }

  /** The same network in bfloat16 with own operators, where {@link ServingKernels} allows it. */
  static String kernels(Swin3dConfig config, ClipSpec clip) {
    ServingLayout layout = new ServingLayout(config, clip);
    String norm =
        "ops.clipstream.norm(x, self.norm_weight, self.norm_bias, torch.slice(x, 0, 0, 0), 1, 1)";
    return template(KERNELS)
        .replace("{patch_norm}", config.patchNorm() ? norm : "x")
        .replace("{containers}\n", new ServingSource(layout, true).containers());
  }

  /** Whether so few tokens reach the head that those between layers stay float32. */
  static boolean wide(ServingLayout layout, Precision precision) {
    return precision == Precision.BF16 && layout.tokensAtHead() < FEW_TOKENS;
  }

  private static String template(String name) {
    try (InputStream in = ServingSource.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Tokens as they are between stages: with kernels what is yet to be added to them, too. */
  private String tokens() {
    return kernels ? "(x, y)" : "x";
  }

  private String tokensType() {
    return kernels ? "Tuple[Tensor, Tensor]" : "Tensor";
  }

  private String containers() {
    StringBuilder source = new StringBuilder();
    StringBuilder fields = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    for (int i = 0; i < stages.size(); i++) {
      source.append(stage("Stage" + i, stages.get(i)));
      fields.append("  stage%1$d : __torch__.Stage%1$d\n".formatted(i));
      calls.append("    %s = (self.stage%d).forward(x, n)\n".formatted(kernels ? "x, y," : "x", i));
      if (i < stages.size() - 1) {
        fields.append("  merging%d : __torch__.PatchMerging\n".formatted(i));
        calls.append(
            "    x = (self.merging%d).forward(%s, n)\n".formatted(i, kernels ? "x, y" : "x"));
      }
    }
    return source
        + """
        class Features(Module):
          __parameters__ = []
          __buffers__ = []
        %s  training : bool
          def forward(self: __torch__.Features, x: Tensor, n: int) -> %s:
        %s    return %s

        """
            .formatted(fields, tokensType(), calls, tokens());
  }

  /** A stage's blocks; tokens move between those that are shifted and those that are not. */
  private String stage(String type, Stage stage) {
    StringBuilder buffers = new StringBuilder();
    StringBuilder fields = new StringBuilder();
    if (stage.shifts()) {
      buffers.append("\"shift\", ");
      fields.append("  shift : Tensor\n");
    }
    if (stage.unshifts()) {
      buffers.append("\"unshift\", ");
      fields.append("  unshift : Tensor\n");
    }
    for (int i = 0; i < stage.depth(); i++) {
      fields.append("  block%d : __torch__.Block\n".formatted(i));
    }
    return """
        class %1$s(Module):
          __parameters__ = []
          __buffers__ = [%2$s]
        %3$s  training : bool
          def forward(self: __torch__.%1$s, x: Tensor, n: int) -> %4$s:
        %5$s    return %6$s

        """
        .formatted(
            type,
            buffers,
            fields,
            tokensType(),
            kernels ? kernelCalls(stage) : plainCalls(stage),
            tokens());
  }

  private static String plainCalls(Stage stage) {
    StringBuilder calls = new StringBuilder();
    int length = stage.plain().length();
    if (stage.shifts()) {
      calls.append("    shift = __torch__.batch_rows(self.shift, n, %d)\n".formatted(length));
    }
    if (stage.unshifts()) {
      calls.append("    unshift = __torch__.batch_rows(self.unshift, n, %d)\n".formatted(length));
    }
    for (int i = 0; i < stage.depth(); i++) {
      if (stage.shifts() && i > 0) {
        calls.append(
            "    x = torch.index_select(x, 0, %s)\n".formatted(i % 2 == 0 ? "unshift" : "shift"));
      }
      calls.append("    x = (self.block%d).forward(x, n)\n".formatted(i));
    }
    return calls.toString();
  }

  private static String kernelCalls(Stage stage) {
    StringBuilder calls = new StringBuilder("    x, y, = (self.block0).first(x, n)\n");
    for (int i = 1; i < stage.depth(); i++) {
      String rows = i % 2 == 0 ? "self.unshift" : "self.shift";
      if (!stage.shifts()) {
        rows = "self.block%d.window_bias.none".formatted(i);
      }
      calls.append("    x, y, = (self.block%d).forward(x, y, %s, n)\n".formatted(i, rows));
    }
    return calls.toString();
  }
}
