package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/** The versions that are loaded on an instance, and what for. */
final class Versions {
  private final boolean roomForTwo;
  private final TreeSet<String> loaded;
  private Roles roles = Roles.NONE;
  private boolean keeping;

  Versions(boolean roomForTwo) {
    this.roomForTwo = roomForTwo;
    loaded = new TreeSet<>();
  }

  Versions(Versions other) {
    roomForTwo = other.roomForTwo;
    loaded = new TreeSet<>(other.loaded);
    roles = other.roles;
    keeping = other.keeping;
  }

  Roles roles() {
    return roles;
  }

  /** The version that serves, null before the first. */
  String serving() {
    return roles.version(Role.ACTIVE);
  }

  boolean loaded(String version) {
    return loaded.contains(version);
  }

  /** The version that is to have a role here; null: none. */
  String wanted(Role role, Wanted wanted) {
    return switch (role) {
      case ACTIVE -> serving() == null ? wanted.start() : wanted.target(serving());
      case CANARY -> wanted.canary();
      case SHADOW -> wanted.shadow();
    };
  }

  /** The first role whose version is not in use yet. */
  Optional<Role> lacking(Wanted wanted) {
    for (Role role : Role.values()) {
      String version = wanted(role, wanted);
      if (version != null && !version.equals(roles.version(role))) {
        return Optional.of(role);
      }
    }
    return Optional.empty();
  }

  /** Canary and shadow leave, and shares change, at once and everywhere. */
  void endTrials(Wanted wanted, List<Output> out) {
    Roles next = roles;
    if (!Objects.equals(roles.version(Role.CANARY), wanted.canary())) {
      next = next.with(Role.CANARY, null, 0);
    } else if (roles.canary() != null) {
      next = next.with(Role.CANARY, roles.canary(), wanted.share());
    }
    if (!Objects.equals(roles.version(Role.SHADOW), wanted.shadow())) {
      next = next.with(Role.SHADOW, null, 0);
    }
    assign(next, out);
  }

  /**
   * Takes a version into use that is loaded, or has just been.
   *
   * @param rollout that chose it
   */
  void use(Role role, String version, long rollout, double share, List<Output> out) {
    loaded.add(version);
    if (role == Role.ACTIVE) {
      keeping = roomForTwo;
    }
    assign(roles.with(role, new Roles.Chosen(version, rollout), share), out);
    if (!roomForTwo) { // Others were let go for it already, or go now.
      for (String other : List.copyOf(loaded)) {
        if (!roles.use(other)) {
          loaded.remove(other);
          out.add(new Output.Drop(other));
        }
      }
    }
  }

  /** A way back needs no turn where the version is loaded. */
  boolean backAtOnce(Wanted wanted, List<Output> out) {
    String target = wanted.active();
    boolean can = serving() != null && !target.equals(serving()) && loaded(target);
    if (can) {
      use(Role.ACTIVE, target, wanted.chosenBy().active(), wanted.share(), out);
    }
    return can;
  }

  private void assign(Roles next, List<Output> out) {
    if (!next.equals(roles)) {
      roles = next;
      out.add(new Output.Use(roles));
    }
  }

  /** The version before has been kept long enough. */
  void keepOver() {
    keeping = false;
  }

  /** Drops what is neither in use nor wanted, nor kept to return to. */
  void unload(Wanted wanted, List<Output> out) {
    String back = keeping ? wanted.wayBack().orElse(null) : null;
    for (String version : List.copyOf(loaded)) {
      boolean needed =
          roles.use(version)
              || version.equals(back)
              || version.equals(wanted.active())
              || version.equals(wanted.canary())
              || version.equals(wanted.shadow());
      if (!needed) {
        loaded.remove(version);
        out.add(new Output.Drop(version));
      }
    }
  }

  /** All that decides. */
  List<Object> state() {
    return new ArrayList<>(List.of(loaded, roles, keeping));
  }
}
