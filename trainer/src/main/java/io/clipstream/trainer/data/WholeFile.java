package io.clipstream.trainer.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files that whoever reads them finds whole: as before, or as they are now. */
public final class WholeFile {
  private WholeFile() {}

  /**
   * Writes a text, UTF-8, beside the file and puts it in its place.
   *
   * @param file in a folder that exists; what is there is replaced
   */
  public static void write(Path file, CharSequence text) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(part, text);
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
