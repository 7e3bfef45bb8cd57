package io.clipstream.model.clip;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.LogCallback;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The FFmpeg libraries of this process: loaded once, quiet, with a bound on single allocations. */
final class Ffmpeg {
  private static final Logger log = LoggerFactory.getLogger(Ffmpeg.class);

  private static long maxAllocation;
  private static LogCallback callback; // referenced by native code, so it must stay reachable

  static {
    // JavaCPP refuses allocations by the resident size of the whole process, in which a network's
    // weights count too. The bounds that matter are the decoder's own.
    setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    setDefault("org.bytedeco.javacpp.maxBytes", "0");
    Loader.load(avutil.class);
    Loader.load(avcodec.class);
    Loader.load(avformat.class);
    Loader.load(swscale.class);
    if (log.isDebugEnabled()) {
      callback = new ToLogger();
      avutil.av_log_set_level(avutil.AV_LOG_WARNING);
      avutil.setLogCallback(callback);
    } else {
      avutil.av_log_set_level(avutil.AV_LOG_QUIET);
    }
  }

  private Ffmpeg() {}

  /** Loads the libraries if that has not been done. */
  static void load() {}

  /**
   * Lets FFmpeg allocate at least this much at a time, and no more than the most that was asked for
   * so far: a lying header then fails instead of taking the memory that it names.
   */
  static synchronized void allowAllocation(long bytes) {
    if (bytes > maxAllocation) {
      maxAllocation = bytes;
      avutil.av_max_alloc(bytes);
    }
  }

  /** Options for FFmpeg, to be freed by the caller. */
  static AVDictionary dictionary(Map<String, String> entries) {
    AVDictionary dictionary = new AVDictionary(null);
    entries.forEach((key, value) -> avutil.av_dict_set(dictionary, key, value, 0));
    return dictionary;
  }

  /** FFmpeg's words for an error code. */
  static String message(int error) {
    byte[] text = new byte[128];
    avutil.av_strerror(error, text, text.length);
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    return new String(text, 0, end, StandardCharsets.UTF_8);
  }

  private static void setDefault(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }

  private static final class ToLogger extends LogCallback {
    @Override
    public void call(int level, BytePointer message) {
      log.debug("{}", message.getString().strip());
    }
  }
}
