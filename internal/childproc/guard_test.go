package childproc

import (
	"os/exec"
	"syscall"
	"testing"
)

func TestGuardReleased(t *testing.T) {
	t.Parallel()
	ward := startWard(t)
	release, err := guard(ward.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if err := ward.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the process after its guard was released: %v", err)
	}
	_ = ward.Process.Kill()
	_ = ward.Wait()
}

func TestGuardKillsWhenItsPipeCloses(t *testing.T) {
	t.Parallel()
	ward := startWard(t)
	cmd, pipe, err := startGuard(ward.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	// The kernel closes it for a process that was killed.
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("guard: %v", err)
	}
	_ = ward.Wait()
	status, ok := ward.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("the process ended by %v, want SIGKILL", ward.ProcessState)
	}
}

func startWard(t *testing.T) *exec.Cmd {
	t.Helper()
	ward := exec.Command("sleep", "60")
	if err := ward.Start(); err != nil {
		t.Fatal(err)
	}
	return ward
}
