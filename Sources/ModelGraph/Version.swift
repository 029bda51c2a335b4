/// The version of the commands and of the library.
package let runtimeVersion = "0.1.0"
