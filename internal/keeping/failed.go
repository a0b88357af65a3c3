package keeping

import "github.com/apikey-cli/apikey/pkg/keyapi"

// Failed gives an error of writing into AccountDir the code CodeStoreFailed; nil stays nil.
func Failed(err error) error {
	if err == nil {
		return nil
	}
	return &keyapi.Error{
		Code: keyapi.CodeStoreFailed, Message: "The data folder cannot be written", Err: err,
		Hint: "Make room and see that the folder is yours, then run the same command again.",
	}
}
