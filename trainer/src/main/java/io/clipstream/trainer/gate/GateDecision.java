package io.clipstream.trainer.gate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What the gate says of a model.
 *
 * @param candidate id of the model
 * @param live id of the one that it is to replace; empty if there is none
 * @param checks that were made
 */
public record GateDecision(String candidate, String live, List<Check> checks) {

  /**
   * One of the gate's conditions.
   *
   * @param text what was found, with the numbers and the limit
   */
  public record Check(String name, boolean passed, String text) {}

  public GateDecision {
    checks = List.copyOf(checks);
  }

  /** Whether every condition holds. */
  public boolean passed() {
    return checks.stream().allMatch(Check::passed);
  }

  /** For people, a line for each condition. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    text.append("gate: ")
        .append(candidate)
        .append(live.isEmpty() ? "" : " against " + live)
        .append(passed() ? " passed" : " refused");
    for (Check check : checks) {
      text.append("\n  ").append(check.passed ? "yes  " : "NO   ").append(check.name);
      text.append(": ").append(check.text);
    }
    return text.toString();
  }

  /**
   * What the manifest says.
   *
   * @param forced whether it is published although it was refused
   */
  public Map<String, String> told(boolean forced) {
    Map<String, String> told = new LinkedHashMap<>();
    told.put("gate.result", passed() ? "passed" : forced ? "forced" : "refused");
    told.put("gate.against", live.isEmpty() ? "none" : live);
    told.put(
        "gate.reasons",
        checks.stream()
            .filter(check -> passed() || !check.passed)
            .map(check -> check.name + ": " + check.text)
            .collect(Collectors.joining("; ")));
    return told;
  }

  /** As it is written to JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("candidate", candidate);
    map.put("live", live);
    map.put("passed", passed());
    map.put("checks", checks);
    return map;
  }
}
