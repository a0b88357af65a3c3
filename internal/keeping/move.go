package keeping

import (
	"context"

	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Left makes the error of a store that did not let go of what was moved to another.
func Left(message string, to secretstore.Store, err error) error {
	code := keyapi.CodeOf(err)
	if code == keyapi.CodeUsage { // as a helper that is not configured any more
		code = keyapi.CodeStoreUnavailable
	}
	return &keyapi.Error{
		Code: code, Message: message, Err: err,
		Hint: "Nothing is lost. Mend that, then run the same command again: apikey store move " + string(to.Kind()),
	}
}

// Vacate empties a slot and looks whether it is. Errors: the codes of the store.
func Vacate(ctx context.Context, from secretstore.Store, slot secretstore.Slot) error {
	if from == nil {
		return keyapi.Errorf(keyapi.CodeStoreUnavailable, "This apikey does not know that store", "")
	}
	if err := from.Delete(ctx, slot); err != nil {
		return err
	}
	switch _, err := from.Get(ctx, slot); keyapi.CodeOf(err) {
	case keyapi.CodeNoSecret:
		return nil
	case "":
		return keyapi.Errorf(keyapi.CodeStoreFailed, "It was told to remove it, and still has it", "")
	default:
		return err
	}
}
