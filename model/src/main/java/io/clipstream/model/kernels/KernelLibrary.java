package io.clipstream.model.kernels;

import ai.djl.engine.Engine;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.clipstream.model.PrivateFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * The native library of operators and GPU kernels, built from {@code src/main/native} and carried
 * in the jar. Loading it adds the operators {@code clipstream::*} to PyTorch; it stays loaded. All
 * threads.
 */
final class KernelLibrary {
  private static final String NAME = "libclipstream_kernels.so";

  private static KernelLibrary loaded;

  private final Functions functions;

  /** Of {@code library.c}, where each is described. */
  interface Functions extends Library {
    String clipstream_kernels_problem(int device, int tokens);

    String clipstream_learning_problem(int device, int tokens, int tableRows);

    String clipstream_kernels_sources();

    String clipstream_upload(long tensor, ByteBuffer from, long bytes);

    String clipstream_download(long tensor, ByteBuffer to, long bytes, PointerByReference mark);

    String clipstream_await(int device, Pointer mark);
  }

  private KernelLibrary(Functions functions) {
    this.functions = functions;
  }

  /**
   * Loads the library, once for the process, after PyTorch.
   *
   * @throws KernelsUnavailableException if there is none for this platform, or this PyTorch does
   *     not fit it
   */
  static synchronized KernelLibrary load() throws KernelsUnavailableException {
    if (loaded == null) {
      loaded = load(System.getProperty("os.name"), System.getProperty("os.arch"));
    }
    return loaded;
  }

  static KernelLibrary load(String system, String processor) throws KernelsUnavailableException {
    if (!system.equals("Linux") || !processor.equals("amd64")) {
      throw new KernelsUnavailableException(
          "there are no kernels for %s on %s"
              .formatted(system.toLowerCase(Locale.ROOT), processor));
    }
    try (InputStream in = KernelLibrary.class.getResourceAsStream("linux-x86_64/" + NAME)) {
      return load(PrivateFolder.ofUser(), in.readAllBytes());
    } catch (IOException e) {
      throw new KernelsUnavailableException("the library cannot be unpacked: " + e, e);
    }
  }

  static KernelLibrary load(PrivateFolder folder, byte[] library)
      throws IOException, KernelsUnavailableException {
    Engine.getEngine("PyTorch"); // whose library this one refers to
    try {
      String file = folder.put(NAME, library).toAbsolutePath().toString();
      System.load(file); // whose errors are one line, and which keeps it loaded
      return new KernelLibrary(Native.load(file, Functions.class));
    } catch (UnsatisfiedLinkError e) {
      throw new KernelsUnavailableException("the library cannot be loaded: " + e.getMessage(), e);
    }
  }

  /**
   * Makes a GPU ready for the kernels.
   *
   * @param device its number
   * @param windowTokens of the largest attention window
   * @throws KernelsUnavailableException if they cannot run there
   */
  void prepare(int device, int windowTokens) throws KernelsUnavailableException {
    check(functions.clipstream_kernels_problem(device, windowTokens));
  }

  /**
   * Makes a GPU ready for the attention of networks that learn.
   *
   * @param device its number
   * @param windowTokens of the largest attention window
   * @param tableRows of a table of relative position bias
   * @throws KernelsUnavailableException if it cannot run there
   */
  void prepareLearning(int device, int windowTokens, int tableRows)
      throws KernelsUnavailableException {
    check(functions.clipstream_learning_problem(device, windowTokens, tableRows));
  }

  private static void check(String problem) throws KernelsUnavailableException {
    if (problem != null) {
      throw new KernelsUnavailableException(problem);
    }
  }

  Functions functions() {
    return functions;
  }

  /** SHA-256 of the sources that the library was built from. */
  String sources() {
    return functions.clipstream_kernels_sources();
  }
}
