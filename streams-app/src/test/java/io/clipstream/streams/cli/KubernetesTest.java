package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Quantity;
import io.clipstream.model.Settings;
import io.clipstream.streams.cli.Manifests.Kustomization;
import io.clipstream.streams.cli.Manifests.ScaledObject;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.IPBlock;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The manifests of {@code ops/kubernetes}: what Kubernetes takes, and true of clipstream. */
class KubernetesTest {
  private static final Path FOLDER = Path.of("../ops/kubernetes");

  private List<Object> all;
  private StatefulSet instances;

  @BeforeEach
  void read() throws IOException {
    all = Manifests.read(FOLDER);
    instances = (StatefulSet) Manifests.documents(FOLDER.resolve("base/instances.yaml")).get(0);
  }

  @Test
  void shouldRefuseAFieldThatKubernetesDoesNotKnow() throws IOException {
    assertThatThrownBy(
            () ->
                Manifests.parse(
                    Manifests.yaml("{apiVersion: v1, kind: Service, spec: {clusterIp: None}}")))
        .hasMessageContaining("clusterIp");
  }

  @Test
  void shouldNameEveryFileOfAFolderAndNoneThatIsMissing() throws IOException {
    for (String folder : List.of("base", "autoscaling", "trainer", "cpu", "gpu")) {
      Path here = FOLDER.resolve(folder);
      Kustomization kustomization =
          (Kustomization) Manifests.documents(here.resolve("kustomization.yaml")).get(0);
      Set<String> named = new HashSet<>(Set.of("kustomization.yaml"));
      named.addAll(kustomization.resources());
      if (kustomization.components() != null) {
        named.addAll(kustomization.components());
      }
      if (kustomization.patches() != null) {
        kustomization.patches().forEach(patch -> named.add(patch.get("path")));
      }
      if (kustomization.configMapGenerator() != null) {
        kustomization.configMapGenerator().forEach(map -> named.addAll(map.files()));
      }
      assertThat(named).allSatisfy(name -> assertThat(here.resolve(name)).exists());
      try (var files = Files.list(here)) {
        assertThat(files.map(file -> file.getFileName().toString())).allMatch(named::contains);
      }
    }
  }

  @Test
  void shouldSetUpInstancesWithSettingsThatTheyKnow() throws IOException {
    Settings given = settings(Map.of());
    AppSettings read = AppSettings.read(given);
    assertThat(read.work().shutdownTimeout().toSeconds() + 15)
        .isLessThanOrEqualTo(
            instances.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds());
    assertThat(read.health().port()).hasValue(port());
    assertThat(given.asMap().get("health.host")).isEqualTo("0.0.0.0");

    long volume =
        instances
            .getSpec()
            .getVolumeClaimTemplates()
            .get(0)
            .getSpec()
            .getResources()
            .getRequests()
            .get("storage")
            .getNumericalAmount()
            .longValue();
    assertThat(bytes(given, "model.cache-max") + bytes(given, "fetch.max-disk")).isLessThan(volume);
    String home = mount(container(instances.getSpec().getTemplate()), "data");
    assertThat(
            List.of(
                given.asMap().get("kafka.state.dir"), given.asMap().get("pipeline.work-directory")))
        .allMatch(folder -> folder.startsWith(home + "/"));

    StatefulSet gpu =
        (StatefulSet) Manifests.documents(FOLDER.resolve("gpu/instances.yaml")).get(0);
    Map<String, String> environment =
        container(gpu.getSpec().getTemplate()).getEnv().stream()
            .collect(Collectors.toMap(EnvVar::getName, EnvVar::getValue));
    assertThat(AppSettings.read(settings(environment)).work().maxDecodedBytes())
        .isEqualTo(4L << 30);
  }

  @Test
  void shouldProbeWhatTheHealthServerAnswers() {
    Container container = container(instances.getSpec().getTemplate());
    assertThat(container.getPorts()).extracting(ContainerPort::getName).containsExactly("health");
    assertThat(path(container.getLivenessProbe())).isEqualTo("/health/live");
    assertThat(path(container.getReadinessProbe())).isEqualTo("/health/ready");
    assertThat(container.getStartupProbe()).isNull();
    assertThat(one(Service.class).getSpec().getPorts())
        .allSatisfy(
            port -> {
              assertThat(port.getPort()).isEqualTo(port());
              assertThat(port.getTargetPort().getStrVal()).isEqualTo("health");
            });
  }

  @Test
  void shouldRunEveryPodWithoutRightsAndWithoutVariablesOfServices() {
    List<PodTemplateSpec> templates = templates();
    assertThat(templates).hasSize(3);
    for (PodTemplateSpec template : templates) {
      PodSpec pod = template.getSpec();
      assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
      assertThat(pod.getSecurityContext().getRunAsUser()).isEqualTo(10_001); // of the image
      assertThat(pod.getSecurityContext().getSeccompProfile().getType())
          .isEqualTo("RuntimeDefault");
      assertThat(pod.getAutomountServiceAccountToken()).isFalse();
      // CLIPSTREAM_SERVICE_HOST, which a service of this name brings, is no setting.
      assertThat(pod.getEnableServiceLinks()).isFalse();
      Container container = container(template);
      assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
      assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
      assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
      assertThat(container.getResources().getLimits()).containsKey("memory");
      Set<String> volumes =
          pod.getVolumes().stream().map(Volume::getName).collect(Collectors.toSet());
      volumes.add("data"); // the stateful set's own
      List<String> mounts =
          container.getVolumeMounts().stream().map(VolumeMount::getMountPath).toList();
      assertThat(container.getVolumeMounts()).allMatch(it -> volumes.contains(it.getName()));
      // A folder cannot be mounted below one that is read-only.
      assertThat(mounts).noneMatch(one -> mounts.stream().anyMatch(it -> one.startsWith(it + "/")));
      assertThat(container.getArgs())
          .anyMatch(it -> it.startsWith(mount(container, "settings") + "/"));
      assertThat(
              Clipstream.commandLine()
                  .parseArgs(container.getArgs().toArray(String[]::new))
                  .hasSubcommand())
          .isTrue();
    }
  }

  @Test
  void shouldSelectPodsByLabelsThatTheyHave() {
    Map<String, String> labels = instances.getSpec().getTemplate().getMetadata().getLabels();
    assertThat(labels).containsAllEntriesOf(instances.getSpec().getSelector().getMatchLabels());
    assertThat(labels).containsAllEntriesOf(one(Service.class).getSpec().getSelector());
    PodDisruptionBudget budget = one(PodDisruptionBudget.class);
    assertThat(labels).containsAllEntriesOf(budget.getSpec().getSelector().getMatchLabels());
    assertThat(budget.getSpec().getMaxUnavailable().getIntVal()).isEqualTo(1);
    assertThat(instances.getSpec().getServiceName())
        .isEqualTo(one(Service.class).getMetadata().getName());
    Map<String, String> policed =
        one(NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels();
    assertThat(templates())
        .allSatisfy(pod -> assertThat(pod.getMetadata().getLabels()).containsAllEntriesOf(policed));
  }

  @Test
  void shouldLetTheFetcherOutToTheInternetAlone() {
    List<IPBlock> blocks =
        one(NetworkPolicy.class).getSpec().getEgress().stream()
            .flatMap(rule -> rule.getTo().stream())
            .map(NetworkPolicyPeer::getIpBlock)
            .filter(Objects::nonNull)
            .toList();
    assertThat(blocks).extracting(IPBlock::getCidr).containsExactly("0.0.0.0/0", "::/0");
    assertThat(blocks.get(0).getExcept())
        .contains(
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8");
    assertThat(blocks.get(1).getExcept()).contains("fc00::/7", "fe80::/10", "::1/128");
  }

  @Test
  void shouldScaleUpToThePartitions() {
    ScaledObject scaled = one(ScaledObject.class);
    List<String> create = container(one(Job.class).getSpec().getTemplate()).getArgs();
    String partitions = create.get(create.indexOf("--partitions") + 1);
    assertThat(scaled.spec().maxReplicaCount()).isEqualTo(Integer.parseInt(partitions));
    assertThat(scaled.spec().scaleTargetRef())
        .isEqualTo(new ScaledObject.Target("StatefulSet", instances.getMetadata().getName()));
    Map<String, String> lag = scaled.spec().triggers().get(0).metadata();
    Settings defaults = SettingsSources.defaults();
    assertThat(lag.get("topic")).isEqualTo(defaults.asMap().get("topics.incoming"));
    assertThat(lag.get("consumerGroup")).isEqualTo(defaults.asMap().get("application.id"));
  }

  @Test
  void shouldNotTrainAgainWhatTheGateRefused() {
    var policy = one(CronJob.class).getSpec().getJobTemplate().getSpec().getPodFailurePolicy();
    assertThat(policy.getRules().get(1).getAction()).isEqualTo("FailJob");
    assertThat(policy.getRules().get(1).getOnExitCodes().getValues()).containsExactly(1, 2, 3);
  }

  private Settings settings(Map<String, String> environment) throws IOException {
    return SettingsSources.load(
        Map.of(), FOLDER.resolve("base/clipstream.properties"), environment, Map.of());
  }

  private static long bytes(Settings settings, String key) {
    return Quantity.bytes(settings.asMap().get(key)).orElseThrow();
  }

  private List<PodTemplateSpec> templates() {
    List<PodTemplateSpec> templates = new ArrayList<>();
    templates.add(instances.getSpec().getTemplate());
    templates.add(one(Job.class).getSpec().getTemplate());
    templates.add(one(CronJob.class).getSpec().getJobTemplate().getSpec().getTemplate());
    return templates;
  }

  private int port() {
    return container(instances.getSpec().getTemplate()).getPorts().get(0).getContainerPort();
  }

  private static String path(Probe probe) {
    assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo("health");
    return probe.getHttpGet().getPath();
  }

  private static String mount(Container container, String volume) {
    return container.getVolumeMounts().stream()
        .filter(mount -> mount.getName().equals(volume))
        .findFirst()
        .orElseThrow()
        .getMountPath();
  }

  private static Container container(PodTemplateSpec template) {
    assertThat(template.getSpec().getContainers()).hasSize(1);
    return template.getSpec().getContainers().get(0);
  }

  private <T> T one(Class<T> kind) {
    List<T> found = all.stream().filter(kind::isInstance).map(kind::cast).toList();
    assertThat(found).hasSize(1);
    return found.get(0);
  }
}
