package io.clipstream.streams.cli;

import ai.djl.Device;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.clipstream.model.Progress;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.trainer.TrainingRun;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.eval.Answers;
import io.clipstream.trainer.gate.Contender;
import io.clipstream.trainer.gate.GateDecision;
import io.clipstream.trainer.gate.ModelCost;
import io.clipstream.trainer.gate.PromotionGate;
import io.clipstream.trainer.recipe.GateSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Holds what {@code train} made against the model that serves. One thread, one run. */
final class TrainGate implements TrainingRun.Judge {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final GateSettings settings;
  private final Optional<Path> live;
  private final boolean force;
  private final Path record;
  private final Device device;
  private final int threads;
  private final Progress progress;
  private GateDecision decision;

  /**
   * @param live the model that serves, if one does
   * @param force whether what is refused is published all the same
   * @param record file for the decision
   */
  TrainGate(
      GateSettings settings,
      Optional<Path> live,
      boolean force,
      Path record,
      Device device,
      int threads,
      Progress progress) {
    this.settings = settings;
    this.live = live;
    this.force = force;
    this.record = record;
    this.device = device;
    this.threads = threads;
    this.progress = progress;
  }

  @Override
  public Map<String, String> judge(ModelArtifact candidate, ClipList list)
      throws IOException, InterruptedException {
    if (live.isEmpty()) {
      decision = PromotionGate.first(candidate.manifest().id());
    } else {
      ModelArtifact before = ModelArtifact.open(live.get());
      String views = before.manifest().views();
      List<ClipList.Entry> videos = list.split(settings.split());
      Answers answers = answers(before, videos, views);
      Answers answersNow = answers(candidate, videos, views);
      List<ModelCost> costs = ModelCost.compare(before, candidate, device, settings.maxLatency());
      decision =
          new PromotionGate(settings)
              .decide(
                  new Contender(before.manifest().id(), answers, costs.get(0)),
                  new Contender(candidate.manifest().id(), answersNow, costs.get(1)));
    }
    JSON.writeValue(record.toFile(), decision.toMap());
    progress.note(decision.toText());
    return decision.told(force);
  }

  @Override
  public Optional<String> split() {
    return live.map(model -> settings.split());
  }

  private Answers answers(ModelArtifact artifact, List<ClipList.Entry> videos, String views)
      throws IOException, InterruptedException {
    return TrainingRun.answers(artifact, videos, views, device, threads, progress);
  }

  /** Once the model was judged. */
  GateDecision decision() {
    return decision;
  }
}
