package io.clipstream.streams.bench;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.ClipSource;
import io.clipstream.streams.classify.FetchedClips;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.ingest.FetchPolicy;
import io.clipstream.streams.ingest.VideoFetcher;
import java.nio.file.Path;
import java.util.List;

/**
 * The stages of a real pipeline, over local files.
 *
 * @param devices each gets a classifier of its own
 * @param files videos, taken in turn
 * @param maxDecodedBytes decoded pixels held at once
 * @param workDirectory of the fetcher
 */
public record RealStages(
    ModelArtifact artifact,
    List<Device> devices,
    List<Path> files,
    Sampling sampling,
    PipelineSettings settings,
    long maxDecodedBytes,
    Path workDirectory) {

  public RealStages {
    devices = List.copyOf(devices);
    files = files.stream().map(Path::toAbsolutePath).toList();
    if (devices.isEmpty() || files.isEmpty()) {
      throw new IllegalArgumentException(
          devices.size() + " devices and " + files.size() + " files, expected at least one each");
    }
  }

  /** The file of the n-th video. */
  String uri(long n) {
    return files.get((int) (n % files.size())).toUri().toString();
  }

  VideoReference reference(long n) {
    return VideoReference.newBuilder().setId("video-" + n).setUri(uri(n)).build();
  }

  ClipSource source() {
    ClipSpec spec = artifact.manifest().clip();
    FetchPolicy policy =
        FetchPolicy.defaults()
            .withFileRoots(files.stream().map(Path::getParent).distinct().toList());
    return new FetchedClips(
        new VideoFetcher(policy, workDirectory),
        new VideoDecoder(
            spec, DecodeLimits.defaults(), new ClipBuffers(spec.clipBytes(), maxDecodedBytes)),
        sampling,
        settings.decodeThreads());
  }

  LabelPipeline pipeline() {
    return LabelPipeline.open(artifact, devices, source(), settings);
  }
}
