package io.clipstream.streams.bench;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.app.Assembly;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.Fetcher;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.config.AppSettings;
import java.nio.file.Path;
import java.util.List;

/** The stages of a real instance, over local files that are taken in turn. */
public final class RealStages {
  private final AppSettings settings;
  private final List<Path> files;
  private final Assembly assembly;
  private final ModelArtifact artifact;

  /**
   * @param settings of the instance; the files' folders may be read besides
   * @param artifact the model that they run
   * @param files videos, at least one
   */
  public RealStages(AppSettings settings, ModelArtifact artifact, List<Path> files) {
    if (files.isEmpty()) {
      throw new IllegalArgumentException("no files, expected at least one");
    }
    this.files = files.stream().map(file -> file.toAbsolutePath().normalize()).toList();
    this.settings =
        settings.withFileRoots(this.files.stream().map(Path::getParent).distinct().toList());
    this.assembly = new Assembly(this.settings);
    this.artifact = artifact;
  }

  /** The file of the n-th video. */
  String uri(long n) {
    return files.get((int) (n % files.size())).toUri().toString();
  }

  VideoRequest request(long n) {
    return VideoRequest.of(VideoReference.newBuilder().setId("video-" + n).setUri(uri(n)).build());
  }

  ModelArtifact artifact() {
    return artifact;
  }

  /** Each gets a classifier of its own. */
  List<Device> devices() {
    return settings.model().devices().devices();
  }

  int decodeThreads() {
    return settings.pipeline().decodeThreads();
  }

  BatchPolicy batch() {
    return settings.pipeline().batch();
  }

  Fetcher fetcher() {
    return assembly.fetcher();
  }

  Generation generation() {
    return assembly.generations().create(artifact);
  }

  LabelPipeline pipeline() {
    return assembly.pipeline(artifact);
  }
}
