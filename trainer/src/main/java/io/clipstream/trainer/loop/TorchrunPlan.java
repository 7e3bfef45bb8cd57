package io.clipstream.trainer.loop;

import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.recipe.Recipe;
import io.clipstream.trainer.recipe.TrainingSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What a run is, for {@code trainer/torchrun/train.py}, which trains it on many hosts. */
public final class TorchrunPlan {
  private TorchrunPlan() {}

  /**
   * As it is written to JSON.
   *
   * @param train clips of {@code TRAIN-SPLIT.clips} in the run's folder
   * @param validation likewise
   */
  public static Map<String, Object> of(Recipe recipe, ClipSet train, ClipSet validation)
      throws IOException {
    TrainingSettings settings = recipe.training();
    Map<String, Object> plan = new LinkedHashMap<>();
    plan.put("manifest", ManifestJson.write(recipe.manifest(Map.of())));
    plan.put("labels", recipe.labels());
    plan.put("frames", recipe.clip().frames());
    plan.put("crop", recipe.clip().crop().width());
    plan.put("epochs", settings.epochs());
    plan.put("batchSize", settings.batchSize());
    plan.put("microBatch", settings.microBatch());
    plan.put("learningRate", settings.learningRate());
    plan.put("finalLearningRate", settings.finalLearningRate());
    plan.put("warmupEpochs", settings.warmupEpochs());
    plan.put("beta2", settings.beta2());
    plan.put("labelSmoothing", settings.labelSmoothing());
    plan.put("maxGradNorm", settings.maxGradNorm());
    plan.put("emaDecay", settings.emaDecay());
    plan.put("seed", settings.seed());
    plan.put("patience", settings.patience());
    plan.put("branchDropRates", branchDropRates(recipe.network()));
    plan.put("headDropout", settings.headDropout());
    plan.put("classWeights", settings.classWeights().of(train.counts(recipe.labels().size())));
    plan.put("parameters", parameters(recipe));
    plan.put("augmentation", settings.augmentation());
    plan.put("mixing", settings.mixing());
    plan.put("train", split(recipe.data().trainSplit(), train));
    plan.put("validation", split(recipe.data().validationSplit(), validation));
    return plan;
  }

  private static List<Double> branchDropRates(Swin3dConfig network) {
    return IntStream.range(0, network.blocks()).mapToObj(network::stochasticDepth).toList();
  }

  /** Factor of the learning rate and weight decay of each. */
  private static Map<String, List<Double>> parameters(Recipe recipe) {
    LayerRates rates = new LayerRates(recipe.network(), recipe.training().layers());
    Map<String, List<Double>> parameters = new LinkedHashMap<>();
    Swin3d.shapes(recipe.network())
        .forEach(
            (name, shape) -> {
              boolean decays = AdamW.decays(name, shape.size());
              double decay = decays ? recipe.training().weightDecay() : 0;
              parameters.put(name, List.of(rates.of(name), decay));
            });
    return parameters;
  }

  /** File, and for each clip: offset, frames, width, height, class. */
  private static Map<String, Object> split(String name, ClipSet clips) {
    List<List<Long>> places = new ArrayList<>();
    for (int clip = 0; clip < clips.size(); clip++) {
      List<Long> place = new ArrayList<>(clips.place(clip));
      place.add((long) clips.classOf(clip));
      places.add(place);
    }
    return Map.of("file", name + ".clips", "clips", places);
  }
}
