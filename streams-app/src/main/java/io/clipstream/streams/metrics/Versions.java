package io.clipstream.streams.metrics;

import ai.djl.engine.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.jar.Manifest;
import org.apache.kafka.common.utils.AppInfoParser;
import org.bytedeco.ffmpeg.global.avutil;

/** The versions of what an instance is made of. */
public final class Versions {
  private static final String UNKNOWN = "(unpackaged)";

  private Versions() {}

  /** By name; loads FFmpeg's libraries if nothing has yet, but not PyTorch's. */
  public static Map<String, String> all() {
    Map<String, String> all = new LinkedHashMap<>();
    String own = Versions.class.getPackage().getImplementationVersion();
    all.put("clipstream", own == null ? UNKNOWN : own);
    all.put("commit", commit());
    all.put("java", Runtime.version().toString());
    all.put("kafka", AppInfoParser.getVersion());
    all.put("djl", Engine.getDjlVersion());
    all.put("pytorch", pytorch());
    all.put("ffmpeg", avutil.av_version_info().getString());
    return all;
  }

  /** Of the sources, by the manifest of our jar. */
  private static String commit() {
    URL classes = Versions.class.getProtectionDomain().getCodeSource().getLocation();
    if (!classes.getPath().endsWith(".jar")) {
      return UNKNOWN;
    }
    try (InputStream in = new URL("jar:" + classes + "!/META-INF/MANIFEST.MF").openStream()) {
      String commit = new Manifest(in).getMainAttributes().getValue("Implementation-Build");
      // Where the build saw no Git, the name of the property is left.
      return commit == null || commit.startsWith("$") ? "unknown" : commit;
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** The version that DJL's engine is made for, unless the user's libraries are another. */
  private static String pytorch() {
    String set = System.getenv("PYTORCH_VERSION");
    if (set != null) {
      return set;
    }
    Properties engine = new Properties();
    try (InputStream in = Versions.class.getResourceAsStream("/pytorch-engine.properties")) {
      if (in != null) {
        engine.load(in);
      }
    } catch (IOException e) {
      return "unknown";
    }
    return engine.getProperty("pytorch_version", "unknown");
  }
}
