package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.clipstream.model.Printable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether the source in a TorchScript archive keeps to computing: a network has no business with
 * files, with the console, or with operators of libraries that this process did not bring. What is
 * looked at is what PyTorch compiles; methods that it runs at load ({@code __setstate__}) are part
 * of that.
 *
 * <p>An operator is reached as {@code torch.NAME} or {@code ops.NAMESPACE.NAME}, and NAME is one of
 * a list of those that only compute; also as {@code value.NAME}, where NAME may be a method of the
 * network's own, so there those are refused that reach outside. {@code torch} and {@code ops} go by
 * no other name, and by none that is made of text ({@code getattr}).
 */
public final class ScriptOperators {
  /** Namespaces that compute throughout, besides those that are looked at by name. */
  private static final Set<String> NAMESPACES = Set.of("quantized", "torchvision", "inductor");

  private static final Set<String> ATEN = names("script_operators.txt");

  private static final Set<String> PRIM =
      Set.of(
          ("abs annotate data device dtype EnumName EnumValue grad index is_cpu is_cuda is_meta"
                  + " is_mkldnn is_mps is_nested is_quantized is_sparse is_sparse_csr is_xpu"
                  + " isinstance itemsize layout max min ModuleContainerIndex name nbytes"
                  + " NumToTensor RaiseException rangelist requires_grad StringIndex tolist"
                  + " TupleIndex TupleUnpack type unchecked_cast unchecked_unwrap_optional"
                  + " Uninitialized unsqueeze")
              .split(" ", -1));

  /** Operators that a value has as methods and that reach outside of the network. */
  private static final Set<String> OUTSIDE =
      Set.of(
          "from_file", "save", "_shared_memory", "manual_seed", "seed", "record_stream", "to_here");

  /** What TorchScript's compiler takes for one word; text and comments are words too. */
  private static final Pattern WORD =
      Pattern.compile(
          "\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)'''"
              + "|\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\\n]|\\\\.)*'|#[^\\n]*"
              + "|\\d+\\.?\\d*(?:[eE][+-]?\\d+)?|\\w+|\\S");

  private final String file;
  private final List<String> words = new ArrayList<>();

  private ScriptOperators(String file, String source) {
    this.file = file;
    for (Matcher word = WORD.matcher(source); word.find(); ) {
      // A line may go on behind a backslash.
      if (!word.group().startsWith("#") && !word.group().equals("\\")) {
        words.add(word.group());
      }
    }
  }

  /**
   * The first operator that is not allowed, one line.
   *
   * @param sources by their names in the archive
   */
  public static Optional<String> forbidden(Map<String, String> sources) {
    for (Map.Entry<String, String> source : sources.entrySet()) {
      Optional<String> found =
          new ScriptOperators(Printable.name(source.getKey()), source.getValue()).forbidden();
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /**
   * Refuses an artifact whose source does more than compute.
   *
   * @throws IOException naming file and operator; one line
   */
  public static void require(ModelArtifact artifact) throws IOException {
    try (TorchArchive archive = TorchArchive.open(artifact.path())) {
      Optional<String> forbidden = forbidden(archive.sources());
      if (forbidden.isPresent()) {
        throw new IOException(artifact.path() + ": " + forbidden.get());
      }
    }
  }

  private Optional<String> forbidden() {
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean member = word(i - 1).equals(".");
      Optional<String> found = Optional.empty();
      if (member) {
        found = OUTSIDE.contains(word) ? calls(word(i - 2) + "." + word) : found;
      } else if (word.equals("print")) {
        found = calls(word);
      } else if (word.equals("torch") || word.equals("ops")) {
        found = root(i);
      } else if (word.equals("getattr")) {
        found = named(i);
      }
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** {@code torch.NAME}, {@code torch.classes.NAMESPACE} or {@code ops.NAMESPACE.NAME}. */
  private Optional<String> root(int at) {
    String root = words.get(at);
    String first = word(at + 2);
    if (!word(at + 1).equals(".")) {
      return Optional.of(file + " uses " + root + " without the name of an operator");
    }
    if (root.equals("torch") && !first.equals("classes")) {
      return ATEN.contains(first) ? Optional.empty() : calls("torch." + first);
    }
    String second = word(at + 4);
    if (root.equals("torch")) {
      return second.equals("quantized")
          ? Optional.empty()
          : Optional.of(file + " uses the foreign class torch.classes." + Printable.name(second));
    }
    boolean allowed =
        switch (first) {
          case "aten" -> ATEN.contains(second);
          case "prim" -> PRIM.contains(second);
          default -> NAMESPACES.contains(first);
        };
    return allowed ? Optional.empty() : calls("ops." + first + "." + second);
  }

  /** {@code getattr(VALUE, "NAME")}: the text up to where the call ends. */
  private Optional<String> named(int at) {
    int depth = 0;
    for (int i = at + 1; i < words.size(); i++) {
      String word = words.get(i);
      depth += word.equals("(") ? 1 : word.equals(")") ? -1 : 0;
      if (depth <= 0) {
        break;
      }
      String text = word.replaceAll("^[\"']+|[\"']+$", "");
      if (text.length() < word.length() && (OUTSIDE.contains(text) || text.contains("\\"))) {
        return calls("getattr(" + text + ")");
      }
    }
    return Optional.empty();
  }

  private Optional<String> calls(String operator) {
    return Optional.of(
        file
            + " calls "
            + Printable.name(operator)
            + ", expected operators that compute, without files and console");
  }

  private String word(int at) {
    return at >= 0 && at < words.size() ? words.get(at) : "";
  }

  private static Set<String> names(String resource) {
    try (InputStream in = ScriptOperators.class.getResourceAsStream(resource)) {
      Set<String> names = new HashSet<>();
      new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(line -> names.addAll(List.of(line.split(" ", -1))));
      return names;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
