package io.clipstream.trainer.gate;

import io.clipstream.trainer.eval.Answers;
import java.util.List;

/**
 * A model before the gate.
 *
 * @param id {@code NAME-VERSION}
 * @param answers to the held-out videos
 * @param cost of serving it
 */
public record Contender(String id, Answers answers, ModelCost cost) {
  List<String> labels() {
    return answers.labels();
  }
}
