package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Name and version of a model that is made, from options or from the name of its file. */
record ModelId(String name, String version) {
  private static final Pattern OUTPUT = Pattern.compile("(.+?)(?:-(\\d[a-z0-9._]*))?\\.pt");

  /**
   * @param output {@code NAME-VERSION.pt} or {@code NAME.pt}
   * @param name null: that of the file
   * @param version null: that of the file, or 1
   */
  static ModelId of(Path output, String name, String version) {
    Matcher id = OUTPUT.matcher(output.getFileName().toString().toLowerCase(Locale.ROOT));
    boolean named = id.matches();
    return new ModelId(
        name != null ? name : named ? id.group(1).replaceAll("[^a-z0-9._-]", "_") : "model",
        version != null ? version : named && id.group(2) != null ? id.group(2) : "1");
  }

  /** Refuses a file whose name is not that of a model. */
  static void requireOutput(Path output) {
    if (!output.toString().endsWith(".pt")) {
      throw new UserError("-o is '" + output + "', expected a name that ends with .pt");
    }
  }
}
