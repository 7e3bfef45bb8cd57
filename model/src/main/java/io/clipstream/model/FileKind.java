package io.clipstream.model;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What a file is that is often given, by mistake, for a video, a checkpoint or a model: told by its
 * first bytes, so that the message says more than that it is none.
 */
public final class FileKind {
  /** As many first bytes tell; fewer are there where the file is shorter. */
  public static final int HEAD = 512;

  private static final String PACKED = ", expected what is packed in it: unpack it first";

  private record Kind(int at, String bytes, String description) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind(
              0,
              "version https://git-lfs.github.com/spec/",
              "a Git LFS pointer, not the file itself: run git lfs pull where it comes from"),
          new Kind(
              0,
              "/annex/objects/",
              "a git-annex pointer, not the file itself: run git annex get where it comes from"),
          new Kind(0, "\u001f\u008b", "a gzip file" + PACKED),
          new Kind(0, "BZh", "a bzip2 file" + PACKED),
          new Kind(0, "\u00fd7zXZ\0", "an xz file" + PACKED),
          new Kind(0, "\u0028\u00b5\u002f\u00fd", "a Zstandard file" + PACKED),
          new Kind(0, "7z\u00bc\u00af\u0027\u001c", "a 7z file" + PACKED),
          new Kind(0, "Rar!\u001a\u0007", "a RAR file" + PACKED),
          new Kind(0, "PK\3\4", "a zip file" + PACKED),
          new Kind(0, "PK\5\6", "a zip file without a file in it"),
          new Kind(0, "\u0089HDF\r\n\u001a\n", "an HDF5 file, as Keras and MATLAB write it"),
          new Kind(0, "GGUF", "a GGUF file, as llama.cpp reads it"),
          new Kind(0, "\u0093NUMPY", "one array of NumPy (.npy)"),
          new Kind(4, "TFL3", "a model of TensorFlow Lite"),
          new Kind(0, "%PDF-", "a PDF document"),
          new Kind(257, "ustar", "a tar file" + PACKED));

  /** Protobuf: its version, and the name of what wrote it with its length. */
  private static final Pattern ONNX =
      Pattern.compile("\\x08[\\x01-\\x20]\\x12[\\x03-\\x20][A-Za-z][\\w.+-]{2}");

  /** Begins with a dictionary, a list or a class. */
  private static final Pattern OLD_PICKLE =
      Pattern.compile(
          "\\([dl]p0?\n|[}\\]]q\\x00|c(collections|copy_?reg|numpy|torch|__builtin__|builtins)[\\w.]*\n");

  private FileKind() {}

  /** As the other, of an open file, whose position stays. */
  public static String of(FileChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    while (head.hasRemaining() && channel.read(head, head.position()) >= 0) {
      // until full or at the end
    }
    return of(head.flip());
  }

  /**
   * What it is, to be put behind the file's name and a colon.
   *
   * @param head the first bytes of the file, from 0 to the limit, {@link #HEAD} of them or all
   * @return empty if it is none of those that are known here
   */
  public static String of(ByteBuffer head) {
    String text = ISO_8859_1.decode(head.duplicate().rewind()).toString();
    for (Kind kind : KINDS) {
      if (text.startsWith(kind.bytes, kind.at)) {
        return kind.description;
      }
    }
    if (ONNX.matcher(text).lookingAt()) {
      return "an ONNX model";
    }
    if (OLD_PICKLE.matcher(text).lookingAt()) {
      return "a pickle of protocol 0 or 1, expected a newer one: save it anew";
    }
    boolean keyed = text.length() > 1 && text.charAt(0) > 0x80 && text.charAt(0) < 0x90;
    if (keyed && text.charAt(1) >= 0xa0 && text.charAt(1) < 0xc0) {
      return "a file of MessagePack, as Flax writes it"; // a map whose first key is a short text
    }
    String mark = text.startsWith("\u00ef\u00bb\u00bf") ? text.substring(3) : text;
    String begin = mark.stripLeading().toLowerCase(Locale.ROOT);
    if (begin.startsWith("<!doctype html") || begin.startsWith("<html")) {
      return "an HTML page, not the file itself, as a download gives that needs another address or"
          + " a login";
    }
    if (begin.startsWith("<?xml")) {
      return "XML text, not the file itself, as a server answers that refuses a download";
    }
    return "";
  }
}
