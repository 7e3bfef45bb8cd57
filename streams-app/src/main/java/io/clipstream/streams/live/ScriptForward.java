package io.clipstream.streams.live;

import io.clipstream.model.artifact.TorchArchive;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether the network in a TorchScript archive can be called as every model is: {@code forward} of
 * one tensor gives one tensor. Seen in its source, before PyTorch compiles it.
 */
final class ScriptForward {
  private static final String EXPECTED = ", expected forward(clips: Tensor) -> Tensor";

  private ScriptForward() {}

  /**
   * What does not fit, one line; empty also where the source is not as PyTorch writes it, which
   * PyTorch then refuses.
   */
  static Optional<String> problem(TorchArchive archive) throws IOException {
    String type = archive.rootType();
    int dot = type.lastIndexOf('.');
    String file = type.substring(0, dot).replace('.', '/') + ".py";
    String source = archive.sources().get(file);
    return source == null ? Optional.empty() : problem(source, type.substring(dot + 1));
  }

  /**
   * As the other.
   *
   * @param source of a file with the class in it
   */
  static Optional<String> problem(String source, String className) {
    Matcher head =
        Pattern.compile("(?m)^class " + Pattern.quote(className) + "\\(").matcher(source);
    if (!head.find()) {
      return Optional.empty();
    }
    int next = source.indexOf("\nclass ", head.end());
    String body = source.substring(head.end(), next < 0 ? source.length() : next);
    int start = body.indexOf("def forward(");
    if (start < 0) {
      return Optional.of("its network has no method forward" + EXPECTED);
    }
    return signature(body.substring(start + "def forward(".length()));
  }

  /**
   * @param text from the first parameter on
   */
  private static Optional<String> signature(String text) {
    List<String> parameters = new ArrayList<>();
    int from = 0;
    int depth = 0;
    int at = 0;
    for (; at < text.length() && depth >= 0; at++) {
      char c = text.charAt(at);
      depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
      if (depth < 0 || (depth == 0 && c == ',')) {
        parameters.add(text.substring(from, at).strip());
        from = at + 1;
      }
    }
    Matcher result = Pattern.compile("\\s*->\\s*([^:]+):").matcher(text).region(at, text.length());
    if (depth >= 0 || !result.lookingAt()) {
      return Optional.empty();
    }
    List<String> given = parameters.subList(1, parameters.size());
    boolean fits =
        !given.isEmpty()
            && given.get(0).matches("\\w+: Tensor(=.*)?")
            && given.stream().skip(1).allMatch(parameter -> parameter.contains("="))
            && result.group(1).strip().equals("Tensor");
    return fits
        ? Optional.empty()
        : Optional.of(
            "its network is forward("
                + String.join(", ", given).replaceAll("\\s+", " ")
                + ") -> "
                + result.group(1).strip()
                + EXPECTED);
  }
}
