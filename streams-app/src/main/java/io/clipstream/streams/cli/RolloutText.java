package io.clipstream.streams.cli;

import io.clipstream.model.Printable;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.streams.live.rollout.Wanted;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What is wanted of a model and what an instance runs, for people and for machines. */
final class RolloutText {
  private static final int BAR = 20;

  private RolloutText() {}

  /**
   * {@code camera-motion: version 2 active (rollout 3), 1 until then, canary 3 on 10 %, pinned}.
   */
  static String line(Wanted wanted) {
    StringBuilder line = new StringBuilder();
    line.append(wanted.model()).append(": version ").append(wanted.active()).append(" active");
    line.append(" (rollout ").append(wanted.rollout());
    if (wanted.active().equals(wanted.settled())) {
      line.append(", everywhere");
    } else if (wanted.settled() != null) {
      line.append(", under way from ").append(wanted.settled());
    } else {
      line.append(", under way");
    }
    line.append(')');
    if (wanted.canary() != null) {
      line.append(
          String.format(
              Locale.ROOT, ", canary %s on %s %%", wanted.canary(), percent(wanted.share())));
    }
    if (wanted.shadow() != null) {
      line.append(", shadow ").append(wanted.shadow());
    }
    line.append(wanted.pinned() ? ", pinned" : "");
    line.append(wanted.stopped() ? ", STOPPED" : "");
    if (wanted.reason() != null) {
      line.append(": ").append(wanted.reason());
    }
    return Printable.of(line.toString());
  }

  /** Of a share from 0 to 1, without digits that say nothing. */
  private static String percent(double share) {
    double percent = Math.round(share * 1e6) / 1e4;
    return percent == Math.rint(percent) ? Long.toString((long) percent) : Double.toString(percent);
  }

  static Map<String, Object> json(Wanted wanted) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", "wanted");
    object.put("model", wanted.model());
    object.put("revision", wanted.revision());
    object.put("rollout", wanted.rollout());
    object.put("active", wanted.active());
    object.put("settled", wanted.settled());
    object.put("previous", wanted.previous());
    object.put("canary", wanted.canary());
    object.put("percent", Math.round(wanted.share() * 1e6) / 1e4);
    object.put("shadow", wanted.shadow());
    object.put("pinned", wanted.pinned());
    object.put("stopped", wanted.stopped());
    object.put("urgent", wanted.urgent());
    object.put("reason", wanted.reason());
    return object;
  }

  /**
   * An instance.
   *
   * @param bar with its progress, which changes often
   * @param silent whether nothing was heard of it for long
   */
  static String line(ModelStatus status, boolean bar, boolean silent) {
    StringBuilder line = new StringBuilder("  ").append(status.getInstance());
    if (status.getHost() != null) {
      line.append(" on ").append(status.getHost());
    }
    line.append("  serves ").append(version(status.getServing()));
    if (status.getCanary() != null) {
      line.append(", canary ").append(version(status.getCanary()));
    }
    if (status.getShadow() != null) {
      line.append(", shadow ").append(version(status.getShadow()));
    }
    if (status.getState() != ModelState.SERVING) {
      line.append("  ").append(status.getState());
      if (status.getCandidateVersion() != null) {
        line.append(' ').append(status.getCandidateVersion());
      }
      if (bar && status.getProgress() > 0) {
        int filled = BAR * Math.min(100, status.getProgress()) / 100;
        line.append(" [").append("=".repeat(filled)).append(" ".repeat(BAR - filled));
        line.append("] ").append(status.getProgress()).append(" %");
      }
    }
    line.append(silent ? "  silent" : "");
    if (status.getDetail() != null) {
      line.append("  ").append(status.getDetail());
    }
    return Printable.of(line.toString());
  }

  private static String version(ModelIdentity model) {
    return model == null ? "nothing" : model.getVersion();
  }

  /** As the other, for machines. */
  static Map<String, Object> json(ModelStatus status, boolean silent) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", "instance");
    object.put("model", status.getName());
    object.put("instance", status.getInstance());
    object.put("host", status.getHost());
    object.put("application", status.getApplication());
    object.put("state", status.getState().toString());
    object.put("candidate", status.getCandidateVersion());
    object.put("progress", status.getProgress());
    object.put("serving", json(status.getServing()));
    object.put("canary", json(status.getCanary()));
    object.put("shadow", json(status.getShadow()));
    object.put("revision", status.getRevision());
    object.put("rollout", status.getRollout());
    object.put("devices", status.getDevices());
    object.put("silent", silent);
    object.put("detail", status.getDetail());
    return object;
  }

  private static Map<String, Object> json(ModelIdentity model) {
    if (model == null) {
      return null;
    }
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("version", model.getVersion());
    object.put("digest", model.getDigest());
    return object;
  }
}
