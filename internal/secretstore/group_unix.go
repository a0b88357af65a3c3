//go:build unix

package secretstore

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a command a process group, all of which is killed when its context ends: what it has started could still
// write.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
