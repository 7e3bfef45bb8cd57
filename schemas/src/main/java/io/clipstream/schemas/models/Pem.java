package io.clipstream.schemas.models;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The text form of keys (RFC 7468). */
final class Pem {
  private static final int LINE = 64;
  private static final long MAX_BYTES = 1 << 20;

  private Pem() {}

  static String encode(String label, byte[] der) {
    Base64.Encoder base64 = Base64.getMimeEncoder(LINE, new byte[] {'\n'});
    return "-----BEGIN "
        + label
        + "-----\n"
        + base64.encodeToString(der)
        + "\n-----END "
        + label
        + "-----\n";
  }

  /**
   * The DER of each block with the label; other blocks and text around are passed by.
   *
   * @throws ModelLogException if there is none
   */
  static List<byte[]> read(Path file, String label) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
      throw new ModelLogException(
          "key file "
              + file
              + (Files.exists(file) ? " is no PEM file" : " does not exist")
              + ", expected a "
              + label
              + " (make one with: model keygen)");
    }
    String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    Matcher block =
        Pattern.compile(
                "-----BEGIN " + label + "-----([A-Za-z0-9+/=\\s]*)-----END " + label + "-----")
            .matcher(text);
    List<byte[]> found = new ArrayList<>();
    while (block.find()) {
      try {
        found.add(Base64.getMimeDecoder().decode(block.group(1)));
      } catch (IllegalArgumentException e) {
        throw new ModelLogException("key file " + file + " has a damaged " + label, e);
      }
    }
    if (found.isEmpty()) {
      throw new ModelLogException(
          "key file " + file + " holds no " + label + ", expected a PEM block BEGIN " + label);
    }
    return found;
  }
}
