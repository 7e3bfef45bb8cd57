package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A TorchScript archive, read without PyTorch and without running anything in it. Errors say what
 * is wrong in one line, without the file's name.
 *
 * <p>All threads. Tensors are mapped, not read: the file must stay as it is while they are used,
 * and they outlive {@link #close()}.
 */
public final class TorchArchive implements Closeable {
  private final StoredZip zip;
  private final String folder;

  private TorchArchive(StoredZip zip, String folder) {
    this.zip = zip;
    this.folder = folder;
  }

  public static TorchArchive open(Path file) throws IOException {
    StoredZip zip = StoredZip.open(file);
    try {
      for (String name : zip.names()) {
        int slash = name.indexOf('/');
        if (slash > 0 && name.substring(slash).equals("/data.pkl")) {
          String folder = name.substring(0, slash + 1);
          if (!zip.has(folder + "constants.pkl")) {
            throw new IOException(
                "weights without a network (no constants.pkl), expected a TorchScript archive");
          }
          return new TorchArchive(zip, folder);
        }
      }
      throw new IOException("a zip file, but no TorchScript archive: it has no data.pkl");
    } catch (Throwable e) {
      zip.close();
      throw e;
    }
  }

  /** Whether there is a file of this name below {@code extra/}. */
  public boolean hasExtra(String name) {
    return zip.has(folder + "extra/" + name);
  }

  /** The text of a file below {@code extra/}. */
  public String extra(String name) throws IOException {
    return UTF_8.decode(zip.map(folder + "extra/" + name)).toString();
  }

  /** The tree of modules. Refuses archives that hold more than modules, numbers and tensors. */
  public ScriptObject root() throws IOException {
    ByteBuffer pickle = zip.map(folder + "data.pkl");
    return new PickleReader(pickle, key -> zip.map(folder + "data/" + key)).read();
  }

  /** Compares every entry with its checksum. */
  public void verify() throws IOException {
    zip.verify();
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
