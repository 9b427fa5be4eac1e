package deploy_test

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"telltale/config"
)

// stageImage is the image that the Dockerfile makes.
const stageImage = "telltale:local"

// loadProject loads docker-compose.yml as Docker Compose does where no variable
// is set.
func loadProject(t *testing.T) *types.Project {
	t.Helper()
	return loadProjectIn(t, types.Mapping{})
}

// loadProjectIn loads docker-compose.yml where variables are set.
func loadProjectIn(t *testing.T, environ types.Mapping) *types.Project {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  root,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(root, "docker-compose.yml")}},
		Environment: maps.Clone(environ), // The loader adds to it.
	}, func(o *loader.Options) { o.ResolvePaths = true })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// stages are the services that run our image, and stay running.
func stages(t *testing.T, p *types.Project) []types.ServiceConfig {
	t.Helper()
	var out []types.ServiceConfig
	for _, name := range p.ServiceNames() {
		if s := p.Services[name]; s.Image == stageImage && s.Restart == types.RestartPolicyUnlessStopped {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no service has the image %s", stageImage)
	}
	return out
}

// variables are a service's environment as os.Environ returns it.
func variables(s types.ServiceConfig) []string {
	var out []string
	for name, value := range s.Environment {
		if value != nil {
			out = append(out, name+"="+*value)
		}
	}
	return out
}

// configuration is what a service's process takes for its configuration.
func configuration(t *testing.T, s types.ServiceConfig) config.Effective {
	t.Helper()
	if len(s.Command) == 0 {
		t.Fatalf("service %s has no command", s.Name)
	}
	c, err := config.Load(config.Options{
		File: "telltale.yaml", Environ: variables(s), Stages: []config.Stage{config.Stage(s.Command[0])},
	})
	if err != nil {
		t.Fatalf("service %s: %v", s.Name, err)
	}
	return c
}

// port is that of an address which other containers reach.
func port(t *testing.T, key, addr string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		t.Errorf("%s is %s, which nothing outside the container reaches", key, addr)
	}
	return port
}

func TestEachStageIsAService(t *testing.T) {
	t.Parallel()
	var got []string
	for _, s := range stages(t, loadProject(t)) {
		got = append(got, s.Command[0])
		configuration(t, s)
		if s.User != "" || s.Privileged || !s.ReadOnly {
			t.Errorf("service %s has more rights than its image gives it", s.Name)
		}
	}
	slices.Sort(got)
	want := []string{"binlog", "consumers", "crudapp", "translator"}
	if !slices.Equal(got, want) {
		t.Errorf("the stages are %q, want %q", got, want)
	}
}

func TestPublishedPorts(t *testing.T) {
	t.Parallel()
	p := loadProject(t)
	for _, s := range p.Services {
		for _, published := range s.Ports {
			if published.HostIP != "127.0.0.1" {
				t.Errorf("service %s publishes port %s beyond this machine", s.Name, published.Published)
			}
		}
	}
	shop := p.Services["crudapp"]
	want := port(t, "http.listen", configuration(t, shop).HTTP.Listen)
	if len(shop.Ports) != 1 || shop.Ports[0].Published != want || want != "8080" {
		t.Errorf("the shop listens on %s and publishes %v", want, shop.Ports)
	}
}

// TestImagesArePinned keeps a new release of a server from being taken unseen.
func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`:v?\d+\.\d+\.\d+$`)
	for _, s := range loadProject(t).Services {
		if s.Image != stageImage && !pinned.MatchString(s.Image) {
			t.Errorf("service %s has the image %q, without an exact version", s.Name, s.Image)
		}
	}
	tag := regexp.MustCompile(`:\d+\.\d+(\.\d+)?-(slim|bookworm)$`)
	for _, from := range directives(t, "FROM") {
		image, _, _ := strings.Cut(from, " ")
		if !tag.MatchString(image) {
			t.Errorf("the Dockerfile builds on %q, without an exact version", image)
		}
	}
}

// directives are the arguments of a directive of the Dockerfile.
func directives(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			out = append(out, strings.TrimSpace(rest))
		}
	}
	if len(out) == 0 {
		t.Fatalf("the Dockerfile has no %s", name)
	}
	return out
}

// TestTracing has the stages see OpenTelemetry's variables where they are set, and
// only there: one that is empty would count as set.
func TestTracing(t *testing.T) {
	t.Parallel()
	given := types.Mapping{}
	for _, name := range []string{
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_COMPRESSION",
		"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_PROPAGATORS",
	} {
		given[name] = "value of " + name
	}
	for _, s := range stages(t, loadProjectIn(t, given)) {
		for name, value := range given {
			if !slices.Contains(variables(s), name+"="+value) {
				t.Errorf("service %s does not see %s", s.Name, name)
			}
		}
	}
	for _, s := range stages(t, loadProject(t)) {
		for _, v := range variables(s) {
			if strings.HasPrefix(v, "OTEL_") {
				t.Errorf("service %s sees %s, which nobody set", s.Name, v)
			}
		}
	}
}

// TestMounts looks for what Docker would create as an empty folder.
func TestMounts(t *testing.T) {
	t.Parallel()
	for _, s := range loadProject(t).Services {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if !v.ReadOnly {
				t.Errorf("service %s may write %s", s.Name, v.Source)
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("service %s mounts what is not there: %v", s.Name, err)
			}
		}
	}
	// The MySQL image sources a file that is not executable; another it would run,
	// without the function that the script is written for.
	info, err := os.Stat("mysql/accounts.sh")
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode()&0o111 != 0 {
		t.Errorf("%s is executable: %v", info.Name(), info.Mode())
	}
}

// TestHealthChecks holds that who waits for a healthy service waits for one that
// says so.
func TestHealthChecks(t *testing.T) {
	t.Parallel()
	p := loadProject(t)
	for _, s := range p.Services {
		for name, d := range s.DependsOn {
			check := p.Services[name].HealthCheck
			if d.Condition == types.ServiceConditionHealthy && (check == nil || check.Disable) {
				t.Errorf("service %s waits for the health of %s, which has no check", s.Name, name)
			}
		}
	}
	const installed = "--chmod=0755 deploy/ready.sh /usr/local/bin/ready"
	if !slices.Contains(directives(t, "COPY"), installed) {
		t.Errorf("the Dockerfile has no COPY %s", installed)
	}
	for _, s := range stages(t, p) {
		if s.HealthCheck == nil || !slices.Equal(s.HealthCheck.Test, []string{"CMD", "ready"}) {
			t.Errorf("service %s is not checked by ready.sh", s.Name)
		}
	}
}
