package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.clipstream.model.Printable;
import io.clipstream.model.clip.ClipSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes a TorchScript archive of somebody else as an artifact: everything in it stays as it is,
 * and a module around its own brings clips into the form that it takes.
 */
public final class WrappedModule {
  private static final String MODULE = "__torch__.clipstream_wrap";
  private static final String FILE = "code/__torch__/clipstream_wrap.py";

  /** How a pickle of a module begins: protocol 2, the class by its module and name. */
  private static final Pattern ROOT =
      Pattern.compile("\\A\\x80\\x02c(__torch__[\\w.]*)\\n(\\w+)\\n", Pattern.DOTALL);

  /** What a network takes. */
  public enum Input {
    /** As every model of clipstream: uint8 [N, T, H, W, 3]. */
    NTHWC_UINT8("clips"),
    /** float32 [N, 3, T, H, W], normalised: torchvision and PyTorchVideo. */
    NCTHW("torch.contiguous(torch.permute(x, [0, 4, 1, 2, 3]))"),
    /** float32 [N, T, 3, H, W], normalised. */
    NTCHW("torch.contiguous(torch.permute(x, [0, 1, 4, 2, 3]))");

    private final String expression;

    Input(String expression) {
      this.expression = expression;
    }
  }

  /**
   * What is done around a network.
   *
   * @param probabilities whether it gives probabilities, of which the logarithm is taken: a softmax
   *     of it gives them back
   * @param oneByOne whether it is called for each clip, as one that was traced with one needs
   */
  public record Form(Input input, boolean probabilities, boolean oneByOne) {}

  private WrappedModule() {}

  /**
   * Writes the artifact; the file is replaced in one step.
   *
   * @param manifest its clip gives the normalisation
   * @throws IOException if the archive is no module or holds a manifest already; one line
   */
  public static void write(
      Path file, TorchArchive archive, Form form, ModelManifest manifest, Optional<Golden> golden)
      throws IOException {
    Map<String, byte[]> own = new LinkedHashMap<>();
    String pickle = ISO_8859_1.decode(archive.entry("data.pkl")).toString();
    Matcher root = ROOT.matcher(pickle);
    if (!root.find() || !pickle.endsWith(".")) {
      throw new IOException("its data.pkl is no module, expected what torch.jit.save writes");
    }
    if (archive.has(FILE) || archive.hasExtra(ModelArtifact.MANIFEST)) {
      throw new IOException(
          "a model of clipstream already, expected what torch.jit.save wrote of yours");
    }
    String type = root.group(1) + "." + root.group(2);
    own.put("data.pkl", around(pickle));
    own.put("extra/" + ModelArtifact.MANIFEST, ManifestJson.pretty(manifest));
    if (golden.isPresent()) {
      own.put("extra/" + ModelArtifact.GOLDEN, ManifestJson.pretty(golden.get()));
    }
    own.put(FILE, source(type, form, manifest.clip()).getBytes(UTF_8));
    ArchiveEntries.write(
        file,
        manifest.id(),
        entries -> {
          for (Map.Entry<String, byte[]> e : own.entrySet()) {
            entries.put(e.getKey(), e.getValue());
          }
          for (String name : archive.entries()) {
            if (!own.containsKey(name)) {
              requireAscii(name);
              entries.put(name, archive.entry(name));
            }
          }
        });
  }

  private static void requireAscii(String name) throws IOException {
    if (!name.matches("[\\x20-\\x7e]+")) {
      throw new IOException("its entry " + Printable.name(name) + " has letters beyond ASCII");
    }
  }

  /** The pickle of a module as the field of another: a pickle is a program that leaves a value. */
  private static byte[] around(String pickle) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(out, "\u0080\u0002c" + MODULE + "\nClassifier\n)\u0081}(");
    write(out, "X\u0008\0\0\0training\u0089X\u0007\0\0\0network");
    write(out, pickle.substring(2, pickle.length() - 1));
    write(out, "ub.");
    return out.toByteArray();
  }

  private static void write(ByteArrayOutputStream out, String bytes) {
    out.writeBytes(bytes.getBytes(ISO_8859_1));
  }

  /** (pixel / 255 - mean) / std = pixel * scale + offset. */
  private static String source(String network, Form form, ClipSpec clip) {
    String scale = floats(c -> 1 / (255.0 * clip.std().get(c)));
    String offset = floats(c -> -(double) clip.mean().get(c) / clip.std().get(c));
    String call =
        form.oneByOne()
            ? """
                  rows = annotate(List[Tensor], [])
                  for i in range(torch.size(x, 0)):
                    rows = torch.append(rows, (self.network).forward(torch.slice(x, 0, i, i + 1)))
                  y = torch.cat(rows)
              """
            : """
                  y = (self.network).forward(x)
              """;
    return """
        class Classifier(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          network : %1$s
          def forward(self: %2$s.Classifier, clips: Tensor) -> Tensor:
            scale = torch.tensor([%3$s], dtype=6, device=clips.device)
            offset = torch.tensor([%4$s], dtype=6, device=clips.device)
            x = torch.to(clips, 6) * scale + offset
            x = %5$s
        %6$s    y = torch.to(y, 6)
            return %7$s
        """
        .formatted(
            network,
            MODULE,
            scale,
            offset,
            form.input().expression,
            call,
            // The smallest normal number: the softmax of logarithms must be finite.
            form.probabilities() ? "torch.log(torch.clamp_min(y, 1.2e-38))" : "y");
  }

  private static String floats(IntToDoubleFunction of) {
    return IntStream.range(0, 3)
        .mapToObj(c -> String.format(Locale.ROOT, "%.9e", (float) of.applyAsDouble(c)))
        .collect(Collectors.joining(", "));
  }
}
