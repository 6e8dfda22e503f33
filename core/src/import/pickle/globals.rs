//! The classes and functions that a file of weights may use.

use super::super::error::ReadError;
use super::super::tensor::ElementType;

/// Meaning of an allowed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    /// `OrderedDict`, `defaultdict`, `dict`: a dictionary.
    Dict,
    /// `set`, `list` and the like: a list.
    List,
    /// `torch._utils._rebuild_tensor`, without the later arguments.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`: the tensor in it.
    RebuildParameter,
    /// The class of a storage.
    Storage(ElementType),
    /// A class whose content is not needed; its objects stay empty.
    Opaque,
}

/// Looks up a name.
///
/// # Errors
/// [`ReadError::ForeignGlobal`] for all names that are not in the table.
pub fn find(module: &str, name: &str) -> Result<Global, ReadError> {
    let global = match (module, name) {
        ("collections", "OrderedDict" | "defaultdict") => Global::Dict,
        ("builtins" | "__builtin__", "dict") => Global::Dict,
        ("builtins" | "__builtin__", "set" | "frozenset" | "list") => Global::List,
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Global::RebuildTensor,
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Global::RebuildParameter,
        _ => match storage(module, name) {
            Some(element) => Global::Storage(element),
            None if is_opaque(module, name) => Global::Opaque,
            None => {
                let name: String = format!("{module}.{name}").chars().take(NAME_SHOWN).collect();
                return Err(ReadError::ForeignGlobal { name });
            }
        },
    };
    Ok(global)
}

/// Number of characters of a foreign name that a message shows.
const NAME_SHOWN: usize = 100;

fn storage(module: &str, class: &str) -> Option<ElementType> {
    if !matches!(module, "torch" | "torch.storage" | "torch.cuda") {
        return None;
    }
    Some(match class {
        "DoubleStorage" => ElementType::F64,
        "FloatStorage" => ElementType::F32,
        "HalfStorage" => ElementType::F16,
        "BFloat16Storage" => ElementType::Bf16,
        "LongStorage" => ElementType::Integer(8),
        "IntStorage" => ElementType::Integer(4),
        "ShortStorage" => ElementType::Integer(2),
        "CharStorage" | "ByteStorage" | "BoolStorage" => ElementType::Integer(1),
        _ => return None,
    })
}

/// Classes for settings and vocabularies in training checkpoints (mostly
/// fairseq's), and NumPy's scalars in the state of optimisers.
fn is_opaque(module: &str, name: &str) -> bool {
    match module {
        "torch" => matches!(
            name,
            "Size" | "device" | "float16" | "float32" | "float64" | "bfloat16" | "int64" | "int32"
        ),
        "argparse" => name == "Namespace",
        "fairseq.data.dictionary" => name == "Dictionary",
        "omegaconf.dictconfig" => name == "DictConfig",
        "omegaconf.listconfig" => name == "ListConfig",
        "omegaconf.base" => matches!(name, "ContainerMetadata" | "Metadata"),
        "omegaconf.nodes" => matches!(
            name,
            "AnyNode" | "StringNode" | "IntegerNode" | "FloatNode" | "BooleanNode" | "EnumNode"
        ),
        "typing" => name == "Any",
        "numpy.core.multiarray" | "numpy._core.multiarray" => matches!(name, "scalar" | "_reconstruct"),
        "numpy" => matches!(name, "dtype" | "ndarray"),
        "_codecs" => name == "encode",
        "pathlib" | "pathlib._local" => matches!(name, "PosixPath" | "WindowsPath"),
        _ => false,
    }
}
