// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TensorCodec} from "../libraries/TensorCodec.sol";
import {Dtype} from "../types/Dtype.sol";
import {Tensor, TensorRules} from "../types/Tensor.sol";

/// @notice What somebody attests of an applicant: categories by their place in the code of the model's data set,
/// `models/README.md`.
struct CreditFeatures {
    /// 0 to 3.
    uint8 checking;
    /// 0 to 4.
    uint8 history;
    /// 0 to 4.
    uint8 savings;
    /// 0 to 4.
    uint8 employment;
    /// 0 to 2.
    uint8 debtors;
    /// 0 to 2.
    uint8 plans;
}

/// @title CreditScoreModel
/// @notice What the credit model takes and gives, `models/README.md`.
/// @dev Warning: an example, not fit to lend on, as its evaluation there says.
library CreditScoreModel {
    uint256 internal constant MAX_SCORE = 1000;
    /// @dev The terms that the model has seen; of longer or shorter ones it knows nothing.
    uint8 internal constant MIN_MONTHS = 4;
    uint8 internal constant MAX_MONTHS = 72;
    uint256 private constant CATEGORIES = 6;
    /// @dev The last category of each feature, a byte each from the left.
    bytes6 private constant LAST = 0x030404040202;

    error FeatureUnknown(uint256 index, uint256 value, uint256 last);
    error TermUnknown(uint256 termMonths, uint256 min, uint256 max);
    error ScoreOutOfRange(int256 score);

    /// @notice uint8 [1, 7]: the features, then the term in months. Reverts for what the model was not made for.
    function encodeInput(CreditFeatures memory features, uint8 termMonths) internal pure returns (bytes memory) {
        require(termMonths >= MIN_MONTHS && termMonths <= MAX_MONTHS, TermUnknown(termMonths, MIN_MONTHS, MAX_MONTHS));
        int256[] memory values = new int256[](CATEGORIES + 1);
        values[0] = _category(0, features.checking);
        values[1] = _category(1, features.history);
        values[2] = _category(2, features.savings);
        values[3] = _category(3, features.employment);
        values[4] = _category(4, features.debtors);
        values[5] = _category(5, features.plans);
        values[6] = int256(uint256(termMonths));
        return TensorCodec.encode(TensorCodec.fromInts(values, TensorCodec.shapeOf(1, 7), Dtype.UINT8));
    }

    /// @notice The score in `output`, thousandths of a probability; reverts where the model cannot have said that.
    function decodeOutput(bytes memory output) internal pure returns (uint256) {
        Tensor memory tensor = TensorCodec.decodeSingle(output);
        int32[] memory shape = new int32[](2);
        (shape[0], shape[1]) = (1, 1);
        TensorRules.requireLike(tensor, Dtype.INT64, shape);
        int256 score = TensorCodec.intAt(tensor, 0);
        require(score >= 0 && score <= int256(MAX_SCORE), ScoreOutOfRange(score));
        return uint256(score);
    }

    function _category(uint256 index, uint8 value) private pure returns (int256) {
        uint8 last = uint8(LAST[index]);
        require(value <= last, FeatureUnknown(index, value, last));
        return int256(uint256(value));
    }
}
