package io.clipstream.model.fetch;

import java.util.Locale;

/**
 * Where a file comes from, and what may be out of order for all of its files at once.
 *
 * @param name {@code http://host:port}, the folder of a root, or empty
 */
public record Origin(Kind kind, String name) {
  /** Nothing that can be out of order: an address that is refused as it stands. */
  public static final Origin NONE = new Origin(Kind.NONE, "");

  /** Not where a file comes from, but what each needs: this process. */
  public static final Origin INSTANCE = new Origin(Kind.INSTANCE, "this instance");

  /** What an origin is. */
  public enum Kind {
    HOST,
    ROOT,
    INSTANCE,
    NONE;

    /** As in metrics: {@code host}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Origin of(HttpTarget target) {
    String host = target.host().indexOf(':') < 0 ? target.host() : "[" + target.host() + "]";
    return new Origin(Kind.HOST, target.scheme() + "://" + host + ":" + target.effectivePort());
  }

  /** Whether files are downloaded from there. */
  public boolean isHost() {
    return kind == Kind.HOST;
  }

  /** For people: {@code http://host:port}, {@code root /mnt/videos}. */
  @Override
  public String toString() {
    return kind == Kind.ROOT ? "root " + name : name;
  }
}
