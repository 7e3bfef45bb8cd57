package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers for equal values, so that a state of the whole is a few integers. */
final class Interner {
  private final Map<Object, Integer> ids = new HashMap<>();
  private final List<Object> values = new ArrayList<>();

  int id(Object value) {
    Integer id = ids.putIfAbsent(value, values.size());
    if (id != null) {
      return id;
    }
    values.add(value);
    return values.size() - 1;
  }

  Object value(int id) {
    return values.get(id);
  }

  @SuppressWarnings("unchecked") // Of what was given to it.
  List<World.Choice> choices(int id) {
    return (List<World.Choice>) values.get(id);
  }

  @SuppressWarnings("unchecked")
  List<Answer> answers(int id) {
    return (List<Answer>) values.get(id);
  }
}
