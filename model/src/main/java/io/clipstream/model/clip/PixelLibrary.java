package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_CPU_FLAG_AVX2;
import static org.bytedeco.ffmpeg.global.avutil.av_get_cpu_flags;

import io.clipstream.model.PrivateFolder;
import java.io.IOException;
import java.io.InputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native library that scales pictures, built from {@code src/main/pixels} and carried in the
 * jar: for Linux on processors with AVX2. Loaded once for the process. All threads.
 */
final class PixelLibrary {
  static final String FILE = "linux-x86_64/libclipstream_pixels.so";

  private static final Logger log = LoggerFactory.getLogger(PixelLibrary.class);
  private static final boolean LOADED = load();

  private PixelLibrary() {}

  /** Whether {@link #resize} can be called; if not, {@link PlainCrop} gives the same pixels. */
  static boolean isLoaded() {
    return LOADED;
  }

  private static boolean load() {
    boolean made =
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64")
            && (av_get_cpu_flags() & AV_CPU_FLAG_AVX2) != 0;
    if (!made) {
      return false;
    }
    try (InputStream in = PixelLibrary.class.getResourceAsStream(FILE)) {
      String name = FILE.substring(FILE.indexOf('/') + 1);
      System.load(PrivateFolder.ofUser().put(name, in.readAllBytes()).toAbsolutePath().toString());
      return true;
    } catch (IOException | UnsatisfiedLinkError e) {
      log.warn("Pictures are scaled without the native library: {}", e.toString());
      return false;
    }
  }

  /** As {@code pixels.c} says. All that is long is an address. */
  static native void resize(
      long picture,
      int stride,
      long columns,
      int width,
      int columnPairs,
      long rows,
      int height,
      int rowTaps,
      long sums,
      long crop);
}
