package io.clipstream.streams.live;

import io.clipstream.streams.live.rollout.Phase;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * How far an instance is with the versions of one model, and how often it came to each phase since
 * it started. Outlives the model's being unloaded. One thread at a time tells it, all may ask.
 */
public final class RolloutSteps {
  private final String model;
  private final Map<Phase, LongAdder> reached = new EnumMap<>(Phase.class);
  private volatile Phase now = Phase.STOPPED;

  RolloutSteps(String model) {
    this.model = model;
    for (Phase phase : Phase.values()) {
      reached.put(phase, new LongAdder());
    }
  }

  public String model() {
    return model;
  }

  /** The phase that it is in; {@link Phase#STOPPED} where the model is not loaded. */
  public Phase now() {
    return now;
  }

  /** How often it came to a phase. */
  public long reached(Phase phase) {
    return reached.get(phase).sum();
  }

  /** It is in a phase, which may be the one that it was in. */
  void at(Phase phase) {
    if (phase != now) {
      now = phase;
      reached.get(phase).increment();
    }
  }
}
