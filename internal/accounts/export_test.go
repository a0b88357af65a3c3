package accounts

import (
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// CheapHashing makes hashes that take no time, and calls hook at each.
func (s *Service) CheapHashing(hook func()) {
	s.hasher.cost = cost{memory: 8, passes: 1, lanes: 1}
	s.hasher.derive = func(password, salt []byte, c cost, size uint32) []byte {
		hook()
		return argon2.IDKey(password, salt, c.passes, c.memory, c.lanes, size)
	}
}

// StepOf finds the time step a code is of.
func StepOf(code string, seed []byte, at time.Time) (int64, bool) {
	return stepOf(keyapi.NewSecret(code), seed, at)
}

// OpenSeed opens a sealed seed as that of an account.
func (s *Service) OpenSeed(sealed []byte, login string) ([]byte, error) {
	return s.seals.open(sealed, login)
}

// HashesQueued is how many hashes are made or wait.
func (s *Service) HashesQueued() int { return len(s.hasher.queue) }

// WaitingForOthers is how many attempts wait for others to be decided.
func (s *Service) WaitingForOthers() int { return len(s.waiting) }

// LookOnlyIfTold makes attempts that wait for others look only when they are told that something was decided.
func (s *Service) LookOnlyIfTold() { s.lookAgain = time.Hour }
