package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A TorchScript archive, read without PyTorch and without running anything in it. Errors say what
 * is wrong in one line, without the file's name.
 *
 * <p>All threads. Tensors are mapped, not read: the file must stay as it is while they are used,
 * and they outlive {@link #close()}.
 */
public final class TorchArchive implements Closeable {
  private static final String SOURCE = "code/__torch__.py";
  private static final int MAX_NAME = 4096;
  private static final Pattern GLOBAL = Pattern.compile("\\x80\\x02c(__torch__[\\w.]*)\n(\\w+)\n");

  private final MappedZip zip;
  private final String folder;

  private TorchArchive(MappedZip zip, String folder) {
    this.zip = zip;
    this.folder = folder;
  }

  /**
   * Reads the directory of the archive.
   *
   * @throws IOException if the file does not exist, is no zip, is cut off, or holds no network;
   *     entries are compared with their checksums only by {@link #verify}
   */
  public static TorchArchive open(Path file) throws IOException {
    MappedZip zip = MappedZip.open(file);
    try {
      for (String name : zip.names()) {
        int slash = name.indexOf('/');
        if (slash > 0 && name.substring(slash).equals("/data.pkl")) {
          String folder = name.substring(0, slash + 1);
          if (!zip.has(folder + "constants.pkl")) {
            throw new IOException(
                "weights without a network (no constants.pkl), of which clipstream model import makes a"
                    + " model");
          }
          return new TorchArchive(zip, folder);
        }
      }
      throw new IOException(
          zip.has("data.pkl")
              ? "its data.pkl is in no folder, where PyTorch does not find it: pack the folder that"
                  + " it was in, not what is in it"
              : "a zip file, but no TorchScript archive: it has no data.pkl");
    } catch (Throwable e) {
      zip.close();
      throw e;
    }
  }

  /** Names of all files, without the folder that they are in. */
  List<String> entries() {
    List<String> names = new ArrayList<>();
    for (String name : zip.names()) {
      if (name.startsWith(folder)) {
        names.add(name.substring(folder.length()));
      }
    }
    return names;
  }

  /** Whether there is a file of this name. */
  boolean has(String name) {
    return zip.has(folder + name);
  }

  /** The bytes of a file, mapped or inflated. */
  ByteBuffer entry(String name) throws IOException {
    return zip.map(folder + name);
  }

  /** Whether there is a file of this name below {@code extra/}. */
  public boolean hasExtra(String name) {
    return zip.has(folder + "extra/" + name);
  }

  /**
   * The text of a file below {@code extra/}.
   *
   * @throws IOException if there is none of this name
   */
  public String extra(String name) throws IOException {
    return UTF_8.decode(zip.map(folder + "extra/" + name)).toString();
  }

  /**
   * The source of every class, which PyTorch compiles when it loads the archive.
   *
   * @return by the file's name below {@code code/}
   */
  public Map<String, String> sources() throws IOException {
    String code = folder + "code/";
    Map<String, String> sources = new LinkedHashMap<>();
    for (String name : zip.names()) {
      if (name.startsWith(code) && name.endsWith(".py")) {
        sources.put(name.substring(code.length()), UTF_8.decode(zip.map(name)).toString());
      }
    }
    return sources;
  }

  /**
   * The tree of modules.
   *
   * @throws IOException if the archive is damaged or holds more than modules, numbers and tensors
   */
  public ScriptObject root() throws IOException {
    ByteBuffer pickle = zip.map(folder + "data.pkl");
    return new PickleReader(pickle, key -> zip.map(folder + "data/" + key)).read();
  }

  /**
   * The full name of the network's class, such as {@code __torch__.Swin3dServing}, whatever the
   * archive holds besides.
   *
   * @throws IOException if {@code data.pkl} does not begin with one
   */
  public String rootType() throws IOException {
    ByteBuffer pickle = zip.map(folder + "data.pkl");
    byte[] head = new byte[Math.min(MAX_NAME, pickle.remaining())];
    pickle.get(head);
    // Protocol 2 and a global: its module and its name, a line each.
    Matcher name = GLOBAL.matcher(new String(head, ISO_8859_1));
    if (!name.lookingAt()) {
      throw new IOException("data.pkl does not begin with a class below __torch__");
    }
    return name.group(1) + "." + name.group(2);
  }

  /** The source of the classes of {@code __torch__}. */
  public String source() throws IOException {
    return UTF_8.decode(zip.map(folder + SOURCE)).toString();
  }

  /**
   * The whole archive with another source in the place of its own; everything else stays where it
   * is. The stream reads mapped memory and throws no exception.
   *
   * @param source not longer than the archive's own
   */
  public InputStream withSource(String source) throws IOException {
    byte[] own = source.getBytes(UTF_8);
    int length = zip.map(folder + SOURCE).remaining();
    if (own.length > length) {
      throw new IllegalArgumentException(
          "the source has " + own.length + " bytes, there is place for " + length);
    }
    byte[] content = Arrays.copyOf(own, length);
    Arrays.fill(content, own.length, length, (byte) '\n');
    return new BufferStream(zip.with(folder + SOURCE, content));
  }

  /**
   * Compares every entry with its checksum.
   *
   * @throws IOException naming the first that differs
   */
  public void verify() throws IOException {
    zip.verify();
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
