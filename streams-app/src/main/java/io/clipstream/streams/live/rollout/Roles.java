package io.clipstream.streams.live.rollout;

/**
 * Which versions label videos on an instance.
 *
 * @param active labels what the canary does not. Null: none yet, videos wait
 * @param canary labels its share of the keys. Null: none
 * @param share the canary's share, 0 to 1
 * @param shadow labels every video once more on the side. Null: none
 */
public record Roles(Chosen active, Chosen canary, double share, Chosen shadow) {
  public static final Roles NONE = new Roles(null, null, 0, null);

  /**
   * A version in use.
   *
   * @param rollout the rollout that chose the version
   */
  public record Chosen(String version, long rollout) {}

  Roles with(Role role, Chosen chosen, double newShare) {
    return switch (role) {
      case ACTIVE -> new Roles(chosen, canary, share, shadow);
      case CANARY -> new Roles(active, chosen, newShare, shadow);
      case SHADOW -> new Roles(active, canary, share, chosen);
    };
  }

  Chosen of(Role role) {
    return switch (role) {
      case ACTIVE -> active;
      case CANARY -> canary;
      case SHADOW -> shadow;
    };
  }

  /** The version in a role, null if none. */
  String version(Role role) {
    Chosen chosen = of(role);
    return chosen == null ? null : chosen.version();
  }

  boolean use(String version) {
    return version.equals(version(Role.ACTIVE))
        || version.equals(version(Role.CANARY))
        || version.equals(version(Role.SHADOW));
  }
}
