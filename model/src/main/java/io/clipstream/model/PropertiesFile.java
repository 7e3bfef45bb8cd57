package io.clipstream.model;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;

/**
 * Reads a properties file, UTF-8, as {@link Properties} does (comments, continued lines, escapes),
 * except that a key which is set twice is an error: {@link Properties} would silently keep the
 * last. Values lose the white space at their end. A byte order mark at the start is passed over.
 */
public final class PropertiesFile {
  /** Far more than settings take; a video may be named by mistake. */
  private static final int MOST_BYTES = 8 << 20;

  private static final int BYTE_ORDER_MARK = 0xfeff;

  private PropertiesFile() {}

  /**
   * The keys and values of a file that the user named.
   *
   * @param what the user takes it for, such as {@code recipe}, for the message
   * @throws UserError if there is no such file, if it is no properties file, or if it sets a key
   *     twice
   */
  public static Map<String, String> read(String what, Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new UserError(
          file
              + (Files.isDirectory(file) ? " is a folder" : " is no ordinary file")
              + ", expected a "
              + what
              + ", which is a properties file");
    }
    if (!Files.exists(file)) {
      throw new UserError(
          "no "
              + what
              + " at "
              + file
              + ": "
              + FileProblem.missing(file)
              + ", expected a properties file"
              + Nearest.hint(file));
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MOST_BYTES + 1);
    }
    if (isUtf16(bytes)) {
      throw new UserError(file + " is text in UTF-16, expected UTF-8: save it as UTF-8");
    }
    if (bytes.length > MOST_BYTES || hasZero(bytes)) {
      throw new UserError(
          file + " is no text, expected a " + what + ", which is a properties file");
    }
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new ByteArrayInputStream(bytes), StandardCharsets.UTF_8.newDecoder()))) {
      in.mark(1);
      if (in.read() != BYTE_ORDER_MARK) { // Some editors begin every file with it.
        in.reset();
      }
      return read(in, file.toString());
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw new UserError(
          file + ": not a properties file in UTF-8 (" + e.getMessage() + "), expected KEY=VALUE",
          e);
    }
  }

  /** A byte order mark of UTF-16, or the same half of each of the first characters is a zero. */
  private static boolean isUtf16(byte[] bytes) {
    if (bytes.length < 2) {
      return false;
    }
    int first = ((bytes[0] & 0xff) << 8) | (bytes[1] & 0xff);
    boolean low = true;
    boolean high = true;
    for (int i = 0; i + 1 < Math.min(bytes.length, 16); i += 2) {
      high &= bytes[i] == 0 && bytes[i + 1] != 0;
      low &= bytes[i] != 0 && bytes[i + 1] == 0;
    }
    return first == 0xfeff || first == 0xfffe || low || high;
  }

  private static boolean hasZero(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        return true;
      }
    }
    return false;
  }

  /** The keys and values of a resource of our own. */
  public static Map<String, String> read(Class<?> beside, String resource) {
    try (InputStream in = beside.getResourceAsStream(resource)) {
      return read(new InputStreamReader(in, StandardCharsets.UTF_8), resource);
    } catch (IOException e) {
      throw new IllegalStateException(resource + " cannot be read", e);
    }
  }

  private static Map<String, String> read(Reader in, String origin) throws IOException {
    Entries entries = new Entries();
    entries.load(in);
    if (!entries.twice.isEmpty()) {
      throw new UserError(
          origin
              + ": "
              + String.join(", ", entries.twice)
              + (entries.twice.size() == 1 ? " is" : " are")
              + " set more than once, expected each key once");
    }
    return entries.values;
  }

  /** {@link Properties#load} hands every entry to {@link #put}, in the order of the file. */
  private static final class Entries extends Properties {
    private static final long serialVersionUID = 1;

    private final transient Map<String, String> values = new LinkedHashMap<>();
    private final transient TreeSet<String> twice = new TreeSet<>();

    @Override
    public synchronized Object put(Object key, Object value) {
      String before = values.put((String) key, ((String) value).strip());
      if (before != null) {
        twice.add((String) key);
      }
      return before;
    }
  }
}
